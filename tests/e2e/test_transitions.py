"""State transitions are what an escalation costs: at most three for each distinct instant at which something is due, counted in the histories of real executions."""

import json
import unittest

from support import OUTPUTS, Person, World, api, aws, show, types, until, tearDownModule  # noqa: F401

PER_INSTANT = 3


class Reminded(Person):
    """Somebody who wants a mail two seconds after the text message."""

    def document(self):
        rules = {"high": [{"via": f"{self.id}-sms"}, {"after_s": 2, "via": f"{self.id}-mail"}]}
        return super().document() | {"rules": rules}


def executions(incident):
    found = aws("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=OUTPUTS["StateMachineArn"])
    return [e for page in found for e in page["executions"] if e["name"].startswith(incident)]


def history(execution):
    pages = aws("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=execution["executionArn"])
    return [event for page in pages for event in page["events"]]


def entered(events):
    """(name, input) of each state that was entered: what is billed."""
    details = [e["stateEnteredEventDetails"] for e in events if e["type"].endswith("StateEntered")]
    return [(d["name"], json.loads(d["input"])) for d in details]


class Transitions(unittest.TestCase):
    def check(self, incident, instants):
        """`instants` were due, the start among them."""
        states = [entered(history(e)) for e in executions(incident["id"])]
        self.assertEqual(len(states), 1, states)
        names = [name for name, _ in states[0]]
        due = {state["due"] for name, state in states[0] if name == "WaitUntilDue"}
        print(f"{len(names)} transitions, {len(due) + 1} instants: {' '.join(names)}", flush=True)
        self.assertEqual(len(due) + 1, instants, names)
        self.assertLessEqual(len(names), PER_INSTANT * instants, names)
        self.assertNotIn("WaitAfterFailure", names)

    def test_an_escalation_to_its_end(self):
        """Two levels and the last resort, and a reminder behind each level."""
        one, two = Reminded("one", ("sms", "email")), Reminded("two", ("sms", "email"))
        world = World([[one], [two]], delay_s=4)
        world.event()
        incident = world.incident()
        until("the last resort", lambda: types(incident["number"]).count("paged") == 5, seconds=30)
        until("its end", lambda: executions(incident["id"])[0]["status"] == "SUCCEEDED")
        self.check(incident, instants=5)

    def test_an_escalation_that_is_answered(self):
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=600)
        world.event()
        until("the page", one.pages)
        incident = world.incident()
        api("POST", f"/v1/incidents/{incident['number']}/acknowledge")
        until("the end of its clock", lambda: executions(incident["id"])[0]["status"] != "RUNNING")
        self.assertEqual(show(incident["number"])["status"], "acknowledged")
        # The second instant was never waited for to its end.
        self.check(incident, instants=2)


if __name__ == "__main__":
    unittest.main()
