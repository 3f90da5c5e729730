"""Deploys template.yaml, as it is, to the running local stack.

Run by stack.py inside the tools' virtual environment. The template goes through CloudFormation and the SAM translator as
it does on AWS; this module only does what `sam package` does there (put the binaries and the state machine into a
bucket) and what MiniStack's CloudFormation leaves out (`after_cloudformation`, one place for every such gap).

It refuses to talk to anything but loopback, and to change the template's text beyond the two code locations.
"""

import hashlib
import io
import json
import sys
import time
import urllib.parse
import zipfile

import boto3
import yaml
from botocore.config import Config

import settings

BUCKET = "tocsin-local-artifacts"


class CloudFormationLoader(yaml.SafeLoader):
    """Reads the short forms (`!Ref`, `!Sub`) as CloudFormation does."""


def _short_form(loader, suffix, node):
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


CloudFormationLoader.add_multi_constructor("!", _short_form)


def read_template(path=None):
    """template.yaml with its short forms written out. Copies what anchors share, so that nothing is changed twice."""
    text = (path or settings.ROOT / "template.yaml").read_text(encoding="utf-8")
    return json.loads(json.dumps(yaml.load(text, CloudFormationLoader)))


class Deployment:
    """One deployment to one local stack."""

    def __init__(self, ports):
        if urllib.parse.urlsplit(ports.aws_url).hostname != settings.HOST:
            raise settings.Problem("the local stack is deployed to loopback only")
        self.ports = ports
        self.session = boto3.Session("test", "test", region_name=settings.REGION)

    def client(self, service):
        settings_ = Config(retries={"max_attempts": 1}, read_timeout=120, s3={"addressing_style": "path"})
        return self.session.client(service, endpoint_url=self.ports.aws_url, config=settings_)

    def run(self, parameters=None):
        """Deploys, and answers the stack's outputs and the physical ids of its resources."""
        template = read_template()
        s3 = self.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        for resource in template["Resources"].values():
            properties = resource.get("Properties", {})
            if resource["Type"] == "AWS::Serverless::Function":
                name = properties["CodeUri"].rsplit("/", 1)[-1]
                properties["CodeUri"] = self._put(s3, name, zip_of(name))
            elif resource["Type"] == "AWS::Serverless::StateMachine":
                body = (settings.ROOT / properties["DefinitionUri"]).read_bytes()
                properties["DefinitionUri"] = self._put(s3, "state-machine", body)
        where = self._put(s3, "template", json.dumps(template).encode())
        given = {
            "Architecture": settings.architecture(),
            "LogLevel": "info",
            "PublicUrl": self.ports.api_url,
            "StatusUrl": self.ports.status_url,
            "LastResortPhone": "+15550100999",
            "OperationsEmail": "operations@example.com",
            "AwsEvents": "CloudWatch Alarm State Change,AWS Health Event,GuardDuty Finding",
        } | (parameters or {})
        cloudformation = self.client("cloudformation")
        cloudformation.create_stack(
            StackName=settings.STACK,
            TemplateURL=f"{self.ports.aws_url}/{BUCKET}/{where['Key']}",
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        stack = self._wait(cloudformation)
        outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
        listed = cloudformation.describe_stack_resources(StackName=settings.STACK)["StackResources"]
        resources = {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in listed}
        self.after_cloudformation(outputs)
        return {"outputs": outputs, "resources": resources}

    def _put(self, s3, name, body):
        key = f"{name}-{hashlib.sha256(body).hexdigest()[:16]}"
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return {"Bucket": BUCKET, "Key": key}

    def _wait(self, cloudformation, seconds=60):
        for _ in range(seconds * 10):
            stack = cloudformation.describe_stacks(StackName=settings.STACK)["Stacks"][0]
            if stack["StackStatus"] == "CREATE_COMPLETE":
                return stack
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                break
            time.sleep(0.1)
        events = cloudformation.describe_stack_events(StackName=settings.STACK)["StackEvents"]
        reasons = [
            f"  {e['LogicalResourceId']}: {e.get('ResourceStatusReason', '')}"
            for e in events
            if e["ResourceStatus"].endswith("FAILED")
        ]
        status = stack["StackStatus"]
        raise settings.Problem(
            f"The template does not deploy ({status}):\n" + "\n".join([*reasons, stack.get("StackStatusReason", "")])
        )

    def after_cloudformation(self, outputs):
        """What the pinned MiniStack's CloudFormation ignores, done by the service's own call; and the local watch."""
        dynamodb = self.client("dynamodb")
        table = outputs["TableName"]
        expiry = {"AttributeName": "expires_at", "Enabled": True}
        dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=expiry)
        dynamodb.update_continuous_backups(
            TableName=table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        self._watch_bus(outputs["BusName"])

    def _watch_bus(self, bus):
        """A queue that hears every event of the bus, for `make up` to show. Not in the template: it is only for looking."""
        queue = f"{settings.STACK}-local-watch"
        sqs, events = self.client("sqs"), self.client("events")
        url = sqs.create_queue(QueueName=queue)["QueueUrl"]
        arn = f"arn:aws:sqs:{settings.REGION}:{settings.ACCOUNT}:{queue}"
        rule = f"arn:aws:events:{settings.REGION}:{settings.ACCOUNT}:rule/{bus}/{queue}"
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        events.put_rule(Name=queue, EventBusName=bus, EventPattern=json.dumps({"source": ["tocsin"]}))
        events.put_targets(Rule=queue, EventBusName=bus, Targets=[{"Id": "watch", "Arn": arn}])


def zip_of(function):
    """The deployment package of one function: its binary, named `bootstrap`, dated so that equal code is equal bytes."""
    binary = settings.BIN / function / "bootstrap"
    if not binary.exists():
        raise settings.Problem(f"{binary.relative_to(settings.ROOT)} is missing: run `make build`.")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap", (2026, 1, 1, 0, 0, 0))
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, binary.read_bytes())
    return package.getvalue()


def main(arguments):
    ports = settings.Ports(arguments[0])
    try:
        deployed = Deployment(ports).run(dict(a.split("=", 1) for a in arguments[1:]))
    except settings.Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    print(json.dumps(deployed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
