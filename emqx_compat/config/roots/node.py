"""Roots of the Erlang node: `node`, `cluster`, `rpc`."""

from __future__ import annotations

from emqx_compat.config.kinds import matching, text
from emqx_compat.config.schema import Field, Open, Struct, ignored, unused

NODE = Struct(
    {
        "name": Field(
            matching(r"[^@\s]+@[^@\s]+", "name@host"),
            "emqx@127.0.0.1",
            "The node name that answers and $SYS topics show.",
        ),
        "data_dir": Field(text(), "data", "Folder of everything that outlives the process."),
        "cookie": Field(text(), "emqxsecretcookie", "Erlang's shared secret.", used=False, secret=True),
        **ignored(
            "process_limit max_ports dist_buffer_size max_ets_tables config_files global_gc_interval"
            " crash_dump_file crash_dump_seconds crash_dump_bytes dist_net_ticktime backtrace_depth applications"
            " etc_dir cluster_call db_backend db_role role rpc_module tlog_push_mode default_shard_transport"
            " shard_transports default_bootstrap_batch_size broker_pool_size generic_pool_size"
            " channel_cleanup_batch_size"
        ),
    },
    "This node.",
)

CLUSTER = Struct(
    {
        "name": unused(text(), "emqxcl"),
        "discovery_strategy": unused(text(), "manual"),
        **ignored(
            "autoclean autoheal core_nodes dns etcd k8s mcast prevent_overlapping_partitions proto_dist"
            " quic_lb_mode static"
        ),
    },
    "How EMQX nodes find each other.",
    used=False,
)
RPC = Open(doc="Calls between EMQX nodes.", used=False)
