"""Tests of the permission examiner: it sees what is not used, and nothing else. Run by test.py in the tools' environment."""

import unittest

import permissions

ROLE = "arn:aws:sts::000000000000:assumed-role/r/f"


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **s} for s in statements]}


class Examine(unittest.TestCase):
    document = policy(
        {"Sid": "Logs", "Action": ["logs:PutLogEvents"], "Resource": "arn:logs"},
        {"Sid": "Table", "Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": ["arn:t", "arn:t/index/due"]},
        {"Sid": "Phone", "Action": "sns:Publish", "NotResource": "arn:*:sns:*:*:*"},
    )

    def test_each_action_on_each_resource_is_a_permission_of_its_own(self):
        calls = [
            (ROLE, "dynamodb:GetItem", "arn:t"),
            (ROLE, "dynamodb:Query", "arn:t/index/due"),
            (ROLE, "sns:Publish", "*"),
        ]
        unused, missed = permissions.examine(self.document, calls)
        self.assertEqual(unused, ["Table: dynamodb:GetItem on arn:t/index/due", "Table: dynamodb:Query on arn:t"])
        self.assertEqual(missed, 3)

    def test_what_two_statements_allow_is_missed_by_nobody(self):
        document = policy(
            {"Sid": "One", "Action": "dynamodb:GetItem", "Resource": "arn:t"},
            {"Sid": "Two", "Action": "dynamodb:GetItem", "Resource": "arn:*"},
        )
        unused, missed = permissions.examine(document, [(ROLE, "dynamodb:GetItem", "arn:t")])
        self.assertEqual((len(unused), missed), (2, 0))

    def test_without_calls_everything_but_the_platforms_is_unused(self):
        unused, missed = permissions.examine(self.document, [])
        self.assertEqual((len(unused), missed), (5, 0))


if __name__ == "__main__":
    unittest.main()
