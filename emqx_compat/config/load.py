"""From files, environment and command line to a `Configuration`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from emqx_compat.config.clusterfile import ClusterFile
from emqx_compat.config.environment import environment_layer, override_layer
from emqx_compat.config.errors import Notice, Origin
from emqx_compat.config.hocon import parse_file
from emqx_compat.config.nodes import Leaf, Obj, find, merge, put
from emqx_compat.config.roots import ROOT
from emqx_compat.config.schema import Field, at
from emqx_compat.config.tree import Configuration


def load(
    file: Path | None = None,
    environ: Mapping[str, str] = MappingProxyType({}),
    overrides: Sequence[str] = (),
    data_dir: Path | None = None,
    *,
    persist: bool = True,
    now: Callable[[], datetime] = datetime.now,
) -> Configuration:
    """Read and check the configuration. Lowest first: defaults, `<data_dir>/configs/cluster.hocon`, `file`,
    `EMQX_…` of `environ`, `overrides` (`path.to.key=value`).

    `data_dir` wins over `node.data_dir`. With `persist=False` `cluster.hocon` is neither read nor written: a server
    in a test leaves nothing behind. `now` names the backups (local time). Raises ConfigError with every fault.
    """
    notices: list[Notice] = []
    configured = parse_file(file) if file is not None else Obj({}, Origin("default"))
    outside = _over(environment_layer(environ, notices), override_layer(overrides))
    if data_dir is not None:
        outside = put(outside, ("node", "data_dir"), Leaf(str(data_dir), Origin("--data-dir")))
    cluster = Obj({}, Origin("cluster.hocon"))
    store: ClusterFile | None = None
    if persist:
        store = ClusterFile(_data_dir(_over(configured, outside)), now)
        cluster = store.read()
    return Configuration(_over(cluster, configured), outside, cluster, store, notices)


def _over(base: Obj, over: Obj) -> Obj:
    whole = merge(base, over)
    assert isinstance(whole, Obj)
    return whole


def _data_dir(tree: Obj) -> Path:
    path = ("node", "data_dir")
    node, spec = find(tree, path), at(ROOT, path)
    assert isinstance(spec, Field)
    return Path(str(node.value if isinstance(node, Leaf) else spec.default))
