"""template.yaml as the rules see it: short forms written out, SAM's generated resources included.

Used by test_template.py and lint.py. It refuses to judge; it only reads, and imports the reader of infra/local so that
what is deployed locally and what is judged can not differ.
"""

import copy
import json
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "infra" / "local"))

import deploy  # noqa: E402


def source():
    return deploy.read_template()


def processed():
    """What CloudFormation gets: the template after the SAM transform."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the translator asks for one, and calls nothing there
    from samtranslator.translator.transform import transform

    template = source()
    for resource in template["Resources"].values():
        for code in ("CodeUri", "DefinitionUri"):
            if code in resource.get("Properties", {}):
                resource["Properties"][code] = "s3://bucket/key"

    class NoManagedPolicies:
        def load(self):
            return {}

    return transform(copy.deepcopy(template), {}, NoManagedPolicies())


def resources(template, *types):
    return {name: r for name, r in template["Resources"].items() if r["Type"] in types}


def statements(document):
    found = document["Statement"]
    return found if isinstance(found, list) else [found]


def listed(value):
    return value if isinstance(value, list) else [value]


def role_statements(template):
    """(role, statement) for every inline policy of every role."""
    for name, role in resources(template, "AWS::IAM::Role").items():
        for policy in role["Properties"].get("Policies", []):
            for statement in statements(policy["PolicyDocument"]):
                yield name, statement


def text(value):
    """An ARN expression as a plain ARN, for tools that know no intrinsic functions."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Ref":
        known = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}
        return known.get(argument, _arn(argument, ""))
    if function == "Fn::GetAtt":
        resource, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
        return _arn(resource, attribute)
    if function == "Fn::Sub":
        return re.sub(r"\$\{([^}]+)\}", lambda m: _substituted(m.group(1)), argument)
    raise ValueError(f"no text for {value}")


def _substituted(name):
    known = {
        "AWS::Partition": "aws",
        "AWS::Region": "us-east-1",
        "AWS::AccountId": "123456789012",
        "AWS::StackName": "tocsin",
    }
    if name in known:
        return known[name]
    resource, _, attribute = name.partition(".")
    return "escalation" if attribute == "Name" else _arn(resource, attribute)


def _arn(resource, attribute):
    """A plausible ARN for what `Ref` or `GetAtt` gives, by the name of our resource."""
    where = "us-east-1:123456789012"
    if attribute == "StreamArn":
        return f"arn:aws:dynamodb:{where}:table/tocsin/stream/label"
    kinds = {
        "Table": f"arn:aws:dynamodb:{where}:table/tocsin",
        "Bus": f"arn:aws:events:{where}:event-bus/tocsin",
        "Escalation": f"arn:aws:states:{where}:stateMachine:tocsin",
        "Logs": f"arn:aws:logs:{where}:log-group:/tocsin/{resource}:*",
        "Failures": f"arn:aws:sqs:{where}:tocsin-{resource}",
        "Topic": f"arn:aws:sns:{where}:tocsin-{resource}",
        "Alias": f"arn:aws:lambda:{where}:function:tocsin-{resource}:live",
        "Aliaslive": f"arn:aws:lambda:{where}:function:tocsin-{resource}:live",
        "Rule": f"arn:aws:events:{where}:rule/tocsin/{resource}",
    }
    for ending, arn in kinds.items():
        if resource.endswith(ending):
            return arn
    raise ValueError(f"no ARN known for {resource}.{attribute}")


def plain_policy(statement):
    """A statement as a policy document of its own, with plain ARNs."""
    plain = {"Effect": statement["Effect"], "Action": statement["Action"]}
    for key in ("Resource", "NotResource"):
        if key in statement:
            plain[key] = [text(value) for value in listed(statement[key])]
    return json.dumps({"Version": "2012-10-17", "Statement": [plain]})
