"""Roots that watch: `log`, `alarm`, `sysmon`, `prometheus` (defaults of EMQX 5.6.1)."""

from __future__ import annotations

from emqx_compat.config.kinds import (
    anything,
    boolean,
    duration,
    enum,
    integer,
    percent,
    size,
    text,
    texts,
)
from emqx_compat.config.schema import Field, Open, Spec, Struct, unused

LEVELS = ("debug", "info", "notice", "warning", "error", "critical", "alert", "emergency", "all")


def _handler(enable: bool, level: str = "warning") -> dict[str, Spec]:
    return {
        "enable": unused(boolean(), enable, "Whether it writes."),
        "level": Field(enum(*LEVELS), level, "The least level written."),
        "formatter": Field(enum("text", "json"), "text", "One-line text or JSON."),
        "time_offset": unused(text(), "system", "system, utc, or an offset such as +08:00."),
        "timestamp_format": unused(enum("auto", "epoch", "rfc3339"), "auto", "Form of the time stamp."),
    }


LOG = Struct(
    {
        "console": Struct(_handler(True)),
        "file": Open({}, "File handlers by name, or one handler.", used=False),
        "audit": Struct(
            {
                **{name: entry for name, entry in _handler(False, "info").items() if name != "formatter"},
                "path": Field(text(), "log/audit.log"),
                "rotation_count": Field(integer(1, 128), 10),
                "rotation_size": Field(size("infinity"), "50MB"),
                "max_filter_size": Field(integer(10, 30000), 5000),
                "ignore_high_frequency_request": Field(boolean(), True),
            },
            used=False,
        ),
        "throttling": Struct({"time_window": unused(duration(), "1m")}),
    },
    "Logging.",
)

ALARM = Struct(
    {
        "actions": Field(texts("log", "publish"), ["log", "publish"], "What a new alarm does."),
        "size_limit": Field(integer(1, 3000), 1000, "Most deactivated alarms kept."),
        "validity_period": Field(duration(), "24h", "How long they are kept."),
    },
    "Alarms.",
)

SYSMON = Struct(
    {
        "os": Struct(
            {
                "cpu_check_interval": Field(duration(), "60s", "How often processor time is looked at."),
                "cpu_high_watermark": Field(percent(), "80%", "From where on it is an alarm."),
                "cpu_low_watermark": Field(percent(), "60%", "Below which the alarm is over."),
                "mem_check_interval": Field(duration("disabled"), "60s", "How often memory is looked at."),
                "sysmem_high_watermark": Field(percent(), "70%", "Of the machine."),
                "procmem_high_watermark": Field(percent(), "5%", "Of this process."),
            }
        ),
        "vm": Struct(
            {
                "process_check_interval": Field(duration(), "30s"),
                "process_high_watermark": Field(percent(), "80%"),
                "process_low_watermark": Field(percent(), "60%"),
                "long_gc": Field(duration("disabled"), "disabled"),
                "long_schedule": Field(duration("disabled"), "240ms"),
                "large_heap": Field(size("disabled"), "32MB"),
                "busy_dist_port": Field(boolean(), True),
                "busy_port": Field(boolean(), True),
            },
            used=False,
        ),
    },
    "What the machine is watched for.",
)

_COLLECTORS = ("mnesia", "vm_dist", "vm_memory", "vm_msacc", "vm_statistics", "vm_system_info")

PROMETHEUS = Struct(
    {
        "enable_basic_auth": Field(boolean(), False, "Whether /prometheus asks for credentials."),
        "push_gateway": Struct(
            {
                "enable": Field(boolean(), False),
                "url": Field(text(), "http://127.0.0.1:9091"),
                "interval": Field(duration(), "15s"),
                "headers": Field(anything("an object", dict, list), {}),
                "job_name": Field(text(), "${name}/instance/${name}~${host}"),
            }
        ),
        "collectors": Struct({name: Field(enum("enabled", "disabled"), "disabled") for name in _COLLECTORS}),
        "enable": Field(boolean(), False),
        "push_gateway_server": Open(),
        "interval": Open(),
        "headers": Open(),
        "job_name": Open(),
        **{f"{name}_collector": Open() for name in _COLLECTORS},
    },
    used=False,
)
