"""Are the functions' permissions exactly those that they use? Takes each away and looks whether it is missed.

Run by test.py after the end-to-end tests, while their stack is still up. The server has recorded every kind of call that
a function's role was asked about. This takes one action on one resource out of a role's policy and asks MiniStack's own
evaluator about the recorded calls again: if all are still allowed, nobody misses it, and it is there for nothing. A call
that was refused is a permission that is missing.

It refuses to judge what AWS does with a role by itself (PLATFORM), because no call of a function shows it.
"""

import copy
import json
import os
import sys

import boto3
from ministack.core import iam_evaluator

import settings

# Statements that AWS itself uses on behalf of the function: the log writer, the stream reader, the failure queues.
PLATFORM = {"Logs", "Stream", "Streams", "Failures"}


def listed(value):
    return value if isinstance(value, list) else [value]


def permissions(document):
    """(statement id, action, resource, the document without it) for everything that a policy allows."""
    for position, statement in enumerate(document["Statement"]):
        key = "Resource" if "Resource" in statement else "NotResource"
        for action in listed(statement["Action"]):
            for resource in listed(statement[key]):
                without = copy.deepcopy(document)
                rest = [without["Statement"].pop(position)]
                # What is left of the statement: the other actions on all, and this action on the other resources.
                others = dict(statement, Action=[a for a in listed(statement["Action"]) if a != action])
                same = dict(statement, Action=[action], **{key: [r for r in listed(statement[key]) if r != resource]})
                rest = [part for part in (others, same) if part["Action"] and part[key]]
                without["Statement"] += rest
                yield statement.get("Sid", ""), action, resource, without


def allows(document, call):
    principal, action, resource = call
    context = iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=settings.ACCOUNT,
        action=action,
        resource_arn=resource,
        region=settings.REGION,
        source_ip=settings.HOST,
        secure_transport=False,
    )
    return iam_evaluator.evaluate(context, [iam_evaluator.parse_policy_document(document)]).decision == "Allow"


def examine(document, calls):
    """(permissions that nobody misses, how many are missed)."""
    unused, missed = [], 0
    for sid, action, resource, without in permissions(document):
        if sid in PLATFORM:
            continue
        if all(allows(without, call) for call in calls):
            unused.append(f"{sid}: {action} on {resource}")
        else:
            missed += 1
    return unused, missed


def main():
    resources = json.loads(os.environ["TOCSIN_RESOURCES"])
    iam = boto3.client(
        "iam",
        endpoint_url=os.environ["TOCSIN_LOCAL_AWS_URL"],
        region_name=settings.REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    recorded = [json.loads(line) for line in settings.CALLS.read_text().splitlines()]
    bad = 0
    for name in settings.FUNCTIONS:
        role = resources[f"{name.capitalize()}Role"]
        mine = [call for call in recorded if f":assumed-role/{role}/" in call[0]]
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        # A resource's own policy is asked as well, and says nothing of a role that another policy allows.
        allowed = [call[:3] for call in mine if call[3] == "Allow"]
        refused = sorted({f"{call[1]} on {call[2]}" for call in mine if call[3] != "Allow" and call[:3] not in allowed})
        unused, missed = examine(document, allowed)
        print(f"{name}: {missed} permissions, each missed when taken away")
        for line in unused:
            print(f"  not missed: {line}")
        for line in refused:
            print(f"  refused: {line}")
        bad += len(unused) + len(refused)
    return bad


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
