"""Every call of the public client kafka-connect-py against one worker: `connect_calls.py URL PREFIX`; a line of JSON a call."""
import json
import logging
import sys
import time

from kafka_connect import KafkaConnect

url, prefix = sys.argv[1:3]
client = KafkaConnect(url, logger=logging.getLogger("quiet"))
logging.disable(logging.CRITICAL)
name = prefix + "-py"
config = {"connector.class": "ProbeSource", "topic": prefix + "-py", "count": "2"}
source = {"name": name, "config": config}


def call(what, *args, **kwargs):
    try:
        answer = getattr(client, what)(*args, **kwargs)
    except Exception as error:  # The client's own kinds of failure are what is compared.
        answer = {"raised": type(error).__name__, "status": getattr(getattr(error, "response", None), "status_code", None)}
    print(json.dumps({"call": what, "answer": answer}, sort_keys=True), flush=True)


def settle(state):
    for _ in range(100):
        try:
            status = client.get_connector_status(name)
            if all(each["state"] == state for each in [status["connector"], *status["tasks"]]) and (status["tasks"] or state == "STOPPED"):
                return
        except Exception:
            pass
        time.sleep(0.1)


call("list_connectors")
call("create_connector", source)
settle("RUNNING")
call("create_connector", source)
call("create_connector", {"name": name + "-bad", "config": {"connector.class": "Nope"}})
call("list_connectors", expand="status")
call("list_connectors", expand="info")
call("list_connectors", pattern=".*py")
call("list_connectors", state="RUNNING")
call("get_connector", name)
call("get_connector_config", name)
call("get_connector_status", name)
call("update_connector", name, {**config, "count": "3"})
settle("RUNNING")
call("list_connector_tasks", name)
call("get_connector_task_status", name, 0)
call("get_connector_task_status", name, 9)
call("restart_connector_task", name, 0)
settle("RUNNING")
call("pause_connector", name)
settle("PAUSED")
call("resume_connector", name)
settle("RUNNING")
call("restart_connector", name)
settle("RUNNING")
call("restart_connector", name, include_tasks=True, only_failed=False)
settle("RUNNING")
call("restart_all_connectors")
settle("RUNNING")
call("pause_all_connectors")
settle("PAUSED")
call("resume_all_connectors")
settle("RUNNING")
call("list_connector_topics", name)
call("reset_connector_topics", name)
call("stop_connector", name)
settle("STOPPED")
call("stop_all_connectors")
call("list_connector_plugins")
call("validate_connector_config", "ProbeSource", {**config, "name": name})
call("validate_connector_config", "ProbeSource", {"connector.class": "ProbeSource", "name": name, "count": "x"})
call("delete_connector", name)
call("delete_connector", name)
call("get_connector", name)
call("delete_all_connectors")
