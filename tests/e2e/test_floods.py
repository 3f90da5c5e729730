"""A flood of new alerts: one incident for what comes too fast, however many processes take it in, and "later" far above."""

import concurrent.futures
import unittest

from support import Person, World, aws, request, show, until, TABLE, URL, tearDownModule  # noqa: F401

FLOOD_AFTER, REFUSE_AFTER, SENT = 10, 100, 400


class Floods(unittest.TestCase):
    def test_a_flood_is_one_incident_and_nothing_that_was_accepted_is_lost(self):
        person = Person("one")
        world = World([[person]], delay_s=600, limits={"flood_after": FLOOD_AFTER, "refuse_after": REFUSE_AFTER})
        neighbour = World([[Person("two")]], delay_s=600)

        def send(world, key, action="trigger"):
            body = {"routing_key": world.routing_key, "event_action": action, "dedup_key": key}
            body["payload"] = {"summary": f"{key} is down", "source": "e2e", "severity": "critical"}
            return request("POST", URL + "/v2/enqueue", body)[0]

        keys = [f"node {n}" for n in range(SENT)]
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = dict(zip(keys, pool.map(lambda key: send(world, key), keys)))
        self.assertEqual(send(neighbour, "quiet"), 202, "another key does not notice")
        self.assertLessEqual(set(answers.values()), {202, 429}, "accepted, or told to come later")
        accepted = [key for key, status in answers.items() if status == 202]
        items = aws("dynamodb").query(
            TableName=TABLE, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": f"F#{world.integration}"}}
        )["Items"]
        minutes = [int(i["count"]["N"]) for i in items if "count" in i]
        self.assertEqual(len(accepted), sum(min(n, REFUSE_AFTER) for n in minutes), "all processes share one limit a minute")
        # What repeats or ends an alert is not counted.
        self.assertEqual([send(world, accepted[0]), send(world, accepted[1], "resolve"), send(world, accepted[2], "acknowledge")], [202] * 3)

        def counted():
            incidents = world.incidents("open") + world.incidents("resolved")
            return incidents if sum(i["alerts_total"] for i in incidents) == len(accepted) else None

        incidents = until("each accepted alert on an incident", counted, 60, 1)
        floods = [i for i in incidents if "flood" in i]
        self.assertEqual(len(floods), 1)
        self.assertLessEqual(len(incidents), FLOOD_AFTER + 1)
        self.assertTrue(floods[0]["title"].startswith(f"Flood of alerts from {world.integration}, first: node "), floods[0])
        timeline = until("it pages", lambda: [e["type"] for e in show(floods[0]["number"])["timeline"] if "paged" in [x["type"] for x in show(floods[0]["number"])["timeline"]]])
        self.assertEqual((timeline.count("flood_began"), timeline.count("paged")), (1, 1), "it pages once")


if __name__ == "__main__":
    unittest.main()
