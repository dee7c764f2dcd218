"""What EMQX 5.6.1 serves and this spoke does not: known paths and methods that answer 501.

They are routed and their credentials checked like any other, so that a wrong method is 405 and a missing key 401.
A line is a path and, for each of its methods, the operation id.
"""

from __future__ import annotations

from collections.abc import Iterator

from emqx_compat.http.route import Route

PUBLIC = frozenset(
    {
        "get_availability",
        "get_prometheus_auth",
        "get_prometheus_data_integration",
        "get_prometheus_stats",
        "get_schema",
        "list_running_sso",
        "login_sso",
        "accept_saml",
    }
)
"""Ids of those that ask for no credentials."""
HIDDEN = frozenset({"create_listener_by_id", "set_client_keepalive"})
"""Ids of those that 5.6.1 serves without documenting them."""

_TABLE: dict[str, str] = {
    "Actions": """
        /action_types                              GET=list_action_types
        /actions                                   GET=list_actions POST=create_action
        /actions/{id}                              GET=get_action PUT=update_action DELETE=delete_action
        /actions/{id}/enable/{enable}              PUT=enable_action
        /actions/{id}/metrics                      GET=get_action_metrics
        /actions/{id}/metrics/reset                PUT=reset_action_metrics
        /actions/{id}/{operation}                  POST=operate_action
        /actions_probe                             POST=probe_action
        /nodes/{node}/actions/{id}/{operation}     POST=operate_node_action
    """,
    "Alarms": """
        /alarms                                    GET=list_alarms DELETE=clear_alarms
    """,
    "Audit": """
        /audit                                     GET=list_audit
    """,
    "Authentication": """
        /authentication                            GET=list_authenticators POST=create_authenticator
        /authentication/order                      PUT=order_authenticators
        /authentication/{id}                       GET=get_authenticator PUT=update_authenticator
        /authentication/{id}                       DELETE=delete_authenticator
        /authentication/{id}/import_users          POST=import_authn_users
        /authentication/{id}/position/{position}   PUT=move_authenticator
        /authentication/{id}/status                GET=get_authenticator_status
        /authentication/{id}/users                 GET=list_authn_users POST=create_authn_user
        /authentication/{id}/users/{user_id}       GET=get_authn_user PUT=update_authn_user
        /authentication/{id}/users/{user_id}       DELETE=delete_authn_user
    """,
    "Authorization": """
        /authorization/cache                       DELETE=clean_authz_caches
        /authorization/settings                    GET=get_authz_settings PUT=update_authz_settings
        /authorization/sources                     GET=list_authz_sources POST=create_authz_source
        /authorization/sources/order               PUT=order_authz_sources
        /authorization/sources/{type}              GET=get_authz_source PUT=update_authz_source
        /authorization/sources/{type}              DELETE=delete_authz_source
        /authorization/sources/{type}/move         POST=move_authz_source
        /authorization/sources/{type}/status       GET=get_authz_source_status
        /authorization/sources/built_in_database/rules      DELETE=clear_authz_rules
        /authorization/sources/built_in_database/rules/all  GET=get_all_rules POST=set_all_rules
        /authorization/sources/built_in_database/rules/all  DELETE=delete_all_rules
        /authorization/sources/built_in_database/rules/clients  GET=list_client_rules POST=create_client_rules
        /authorization/sources/built_in_database/rules/clients/{clientid}  GET=get_client_rules
        /authorization/sources/built_in_database/rules/clients/{clientid}  PUT=update_client_rules
        /authorization/sources/built_in_database/rules/clients/{clientid}  DELETE=delete_client_rules
        /authorization/sources/built_in_database/rules/users    GET=list_user_rules POST=create_user_rules
        /authorization/sources/built_in_database/rules/users/{username}    GET=get_user_rules
        /authorization/sources/built_in_database/rules/users/{username}    PUT=update_user_rules
        /authorization/sources/built_in_database/rules/users/{username}    DELETE=delete_user_rules
    """,
    "Auto Subscribe": """
        /mqtt/auto_subscribe                       GET=get_auto_subscribe PUT=update_auto_subscribe
    """,
    "Bridges": """
        /bridges                                   GET=list_bridges POST=create_bridge
        /bridges/{id}                              GET=get_bridge PUT=update_bridge DELETE=delete_bridge
        /bridges/{id}/enable/{enable}              PUT=enable_bridge
        /bridges/{id}/metrics                      GET=get_bridge_metrics
        /bridges/{id}/metrics/reset                PUT=reset_bridge_metrics
        /bridges/{id}/{operation}                  POST=operate_bridge
        /bridges_probe                             POST=probe_bridge
        /nodes/{node}/bridges/{id}/{operation}     POST=operate_node_bridge
    """,
    "Clients": """
        /clients/{clientid}/inflight_messages      GET=list_inflight_messages
        /clients/{clientid}/mqueue_messages        GET=list_mqueue_messages
        /clients/{clientid}/keepalive              PUT=set_client_keepalive
        /sessions_count                            GET=count_sessions
    """,
    "Cluster": """
        /cluster                                   GET=get_cluster
        /cluster/invitation                        GET=list_invitations
        /cluster/topology                          GET=get_cluster_topology
        /cluster/{node}/force_leave                DELETE=force_leave
        /cluster/{node}/invite                     PUT=invite_node
        /cluster/{node}/invite_async               PUT=invite_node_async
    """,
    "CoAP Gateways": """
        /gateways/coap/clients/{clientid}/request  POST=request_coap_client
    """,
    "Configs": """
        /configs                                   GET=get_configs PUT=update_configs
        /configs/alarm                             GET=get_alarm_config PUT=update_alarm_config
        /configs/broker                            GET=get_broker_config PUT=update_broker_config
        /configs/dashboard                         GET=get_dashboard_config PUT=update_dashboard_config
        /configs/file_transfer                     GET=get_file_transfer_config PUT=update_file_transfer_config
        /configs/global_zone                       GET=get_global_zone_config PUT=update_global_zone_config
        /configs/log                               GET=get_log_config PUT=update_log_config
        /configs/sys_topics                        GET=get_sys_topics_config PUT=update_sys_topics_config
        /configs/sysmon                            GET=get_sysmon_config PUT=update_sysmon_config
        /configs_reset/{rootname}                  POST=reset_config
    """,
    "Connectors": """
        /connectors                                GET=list_connectors POST=create_connector
        /connectors/{id}                           GET=get_connector PUT=update_connector DELETE=delete_connector
        /connectors/{id}/enable/{enable}           PUT=enable_connector
        /connectors/{id}/{operation}               POST=operate_connector
        /connectors_probe                          POST=probe_connector
        /nodes/{node}/connectors/{id}/{operation}  POST=operate_node_connector
    """,
    "Dashboard": """
        /schemas/{name}                            GET=get_schema
    """,
    "Dashboard Single Sign-On": """
        /sso                                       GET=list_sso
        /sso/login/{backend}                       POST=login_sso
        /sso/running                               GET=list_running_sso
        /sso/saml/acs                              POST=accept_saml
        /sso/saml/metadata                         GET=get_saml_metadata
        /sso/{backend}                             GET=get_sso PUT=update_sso DELETE=delete_sso
    """,
    "Data Backup": """
        /data/export                               POST=export_data
        /data/files                                GET=list_backups POST=upload_backup
        /data/files/{filename}                     GET=download_backup DELETE=delete_backup
        /data/import                               POST=import_data
    """,
    "ExHook": """
        /exhooks                                   GET=list_exhooks POST=create_exhook
        /exhooks/{name}                            GET=get_exhook PUT=update_exhook DELETE=delete_exhook
        /exhooks/{name}/hooks                      GET=list_exhook_hooks
        /exhooks/{name}/move                       POST=move_exhook
    """,
    "File Transfer": """
        /file_transfer                             GET=get_file_transfer PUT=update_file_transfer
        /file_transfer/file                        GET=download_transferred_file
        /file_transfer/files                       GET=list_transferred_files
        /file_transfer/files/{clientid}/{fileid}   GET=get_transferred_file
    """,
    "GCP Devices": """
        /gcp_devices                               GET=list_gcp_devices POST=import_gcp_devices
        /gcp_devices/{deviceid}                    GET=get_gcp_device PUT=update_gcp_device
        /gcp_devices/{deviceid}                    DELETE=delete_gcp_device
    """,
    "Gateway Authentication": """
        /gateways/{name}/authentication            GET=get_gateway_authn POST=create_gateway_authn
        /gateways/{name}/authentication            PUT=update_gateway_authn DELETE=delete_gateway_authn
        /gateways/{name}/authentication/import_users  POST=import_gateway_users
        /gateways/{name}/authentication/users      GET=list_gateway_users POST=create_gateway_user
        /gateways/{name}/authentication/users/{uid}  GET=get_gateway_user PUT=update_gateway_user
        /gateways/{name}/authentication/users/{uid}  DELETE=delete_gateway_user
        /gateways/{name}/listeners/{id}/authentication/import_users  POST=import_gateway_listener_users
    """,
    "Gateway Clients": """
        /gateways/{name}/clients                   GET=list_gateway_clients
        /gateways/{name}/clients/{clientid}        GET=get_gateway_client DELETE=kick_gateway_client
        /gateways/{name}/clients/{clientid}/subscriptions  GET=list_gateway_subscriptions
        /gateways/{name}/clients/{clientid}/subscriptions  POST=create_gateway_subscription
        /gateways/{name}/clients/{clientid}/subscriptions/{topic}  DELETE=delete_gateway_subscription
    """,
    "Gateway Listeners": """
        /gateways/{name}/listeners                 GET=list_gateway_listeners POST=create_gateway_listener
        /gateways/{name}/listeners/{id}            GET=get_gateway_listener PUT=update_gateway_listener
        /gateways/{name}/listeners/{id}            DELETE=delete_gateway_listener
        /gateways/{name}/listeners/{id}/authentication  GET=get_gateway_listener_authn
        /gateways/{name}/listeners/{id}/authentication  POST=create_gateway_listener_authn
        /gateways/{name}/listeners/{id}/authentication  PUT=update_gateway_listener_authn
        /gateways/{name}/listeners/{id}/authentication  DELETE=delete_gateway_listener_authn
        /gateways/{name}/listeners/{id}/authentication/users  GET=list_gateway_listener_users
        /gateways/{name}/listeners/{id}/authentication/users  POST=create_gateway_listener_user
        /gateways/{name}/listeners/{id}/authentication/users/{uid}  GET=get_gateway_listener_user
        /gateways/{name}/listeners/{id}/authentication/users/{uid}  PUT=update_gateway_listener_user
        /gateways/{name}/listeners/{id}/authentication/users/{uid}  DELETE=delete_gateway_listener_user
    """,
    "Gateways": """
        /gateways                                  GET=list_gateways
        /gateways/{name}                           GET=get_gateway PUT=update_gateway
        /gateways/{name}/enable/{enable}           PUT=enable_gateway
    """,
    "License": """
        /license                                   GET=get_license POST=update_license
        /license/setting                           GET=get_license_setting PUT=update_license_setting
    """,
    "Listeners": """
        /listeners                                 POST=create_listener
        /listeners/{id}                            PUT=update_listener DELETE=delete_listener
        /listeners/{id}                            POST=create_listener_by_id
        /listeners/{id}/restart                    POST=restart_listener
        /listeners/{id}/start                      POST=start_listener
        /listeners/{id}/stop                       POST=stop_listener
        /listeners_status                          GET=get_listeners_status
    """,
    "Load Rebalance": """
        /load_rebalance/availability_check         GET=get_availability
        /load_rebalance/global_status              GET=get_global_rebalance
        /load_rebalance/status                     GET=get_rebalance
        /load_rebalance/{node}/evacuation/start    POST=start_evacuation
        /load_rebalance/{node}/evacuation/stop     POST=stop_evacuation
        /load_rebalance/{node}/start               POST=start_rebalance
        /load_rebalance/{node}/stop                POST=stop_rebalance
    """,
    "LwM2M Gateways": """
        /gateways/lwm2m/clients/{clientid}/lookup  GET=look_up_lwm2m_resource
        /gateways/lwm2m/clients/{clientid}/observe  POST=observe_lwm2m_resource
        /gateways/lwm2m/clients/{clientid}/read    POST=read_lwm2m_resource
        /gateways/lwm2m/clients/{clientid}/write   POST=write_lwm2m_resource
    """,
    "MQTT": """
        /mqtt/delayed                              GET=get_delayed_config PUT=update_delayed_config
        /mqtt/delayed/messages                     GET=list_delayed_messages
        /mqtt/delayed/messages/{node}/{msgid}      GET=get_delayed_message DELETE=delete_delayed_message
        /mqtt/delayed/messages/{topic}             DELETE=delete_delayed_topic
        /mqtt/topic_metrics                        GET=list_topic_metrics POST=create_topic_metrics
        /mqtt/topic_metrics                        PUT=reset_topic_metrics
        /mqtt/topic_metrics/{topic}                GET=get_topic_metrics DELETE=delete_topic_metrics
        /mqtt/topic_rewrite                        GET=get_topic_rewrite PUT=update_topic_rewrite
    """,
    "Metrics": """
        /monitor                                   GET=list_samples
        /monitor/nodes/{node}                      GET=list_node_samples
        /monitor_current                           GET=get_current_sample
        /monitor_current/nodes/{node}              GET=get_current_node_sample
    """,
    "Monitor": """
        /opentelemetry                             GET=get_opentelemetry PUT=update_opentelemetry
        /prometheus                                GET=get_prometheus PUT=update_prometheus
        /prometheus/auth                           GET=get_prometheus_auth
        /prometheus/data_integration               GET=get_prometheus_data_integration
        /prometheus/stats                          GET=get_prometheus_stats
    """,
    "Node Eviction": """
        /node_eviction/status                      GET=get_node_eviction
    """,
    "Plugins": """
        /plugins                                   GET=list_plugins
        /plugins/install                           POST=install_plugin
        /plugins/{name}                            GET=get_plugin DELETE=delete_plugin
        /plugins/{name}/move                       POST=move_plugin
        /plugins/{name}/{action}                   PUT=operate_plugin
    """,
    "Retainer": """
        /mqtt/retainer                             GET=get_retainer PUT=update_retainer
        /mqtt/retainer/message/{topic}             GET=get_retained_message DELETE=delete_retained_message
        /mqtt/retainer/messages                    GET=list_retained_messages DELETE=clear_retained_messages
    """,
    "Rules": """
        /rule_engine                               GET=get_rule_engine PUT=update_rule_engine
        /rule_events                               GET=list_rule_events
        /rule_test                                 POST=test_rule
        /rules                                     GET=list_rules POST=create_rule
        /rules/{id}                                GET=get_rule PUT=update_rule DELETE=delete_rule
        /rules/{id}/metrics                        GET=get_rule_metrics
        /rules/{id}/metrics/reset                  PUT=reset_rule_metrics
    """,
    "Schema Registry": """
        /schema_registry                           GET=list_schemas POST=create_schema
        /schema_registry/{name}                    GET=get_registered_schema PUT=update_schema
        /schema_registry/{name}                    DELETE=delete_schema
    """,
    "Slow Subscriptions": """
        /slow_subscriptions                        GET=list_slow_subscriptions DELETE=clear_slow_subscriptions
        /slow_subscriptions/settings               GET=get_slow_settings PUT=update_slow_settings
    """,
    "Sources": """
        /nodes/{node}/sources/{id}/{operation}     POST=operate_node_source
        /source_types                              GET=list_source_types
        /sources                                   GET=list_sources POST=create_source
        /sources/{id}                              GET=get_source PUT=update_source DELETE=delete_source
        /sources/{id}/enable/{enable}              PUT=enable_source
        /sources/{id}/metrics                      GET=get_source_metrics
        /sources/{id}/metrics/reset                PUT=reset_source_metrics
        /sources/{id}/{operation}                  POST=operate_source
        /sources_probe                             POST=probe_source
    """,
    "Trace": """
        /trace                                     GET=list_traces POST=create_trace DELETE=clear_traces
        /trace/{name}                              DELETE=delete_trace
        /trace/{name}/download                     GET=download_trace
        /trace/{name}/log                          GET=get_trace_log
        /trace/{name}/log_detail                   GET=get_trace_log_detail
        /trace/{name}/stop                         PUT=stop_trace
    """,
}


def _rows() -> Iterator[Route]:
    for tag, lines in _TABLE.items():
        for line in filter(None, map(str.strip, lines.splitlines())):
            path, *operations = line.split()
            for operation in operations:
                method, _, id_ = operation.partition("=")
                yield Route(method, path, id_, tag=tag, public=id_ in PUBLIC, listed=id_ not in HIDDEN)


ROUTES = tuple(_rows())
