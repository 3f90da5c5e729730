"""Rules of ours for template.yaml: one test for each line of the security checklist that speaks of the template, and for
what design and issue promise of it. Run by `make lint` in the tools' environment (it needs the SAM translator).

It refuses to repeat what cfn-lint, `sam validate --lint` and parliament already say.
"""

import json
import pathlib
import re
import unittest

import template as t

SOURCE = t.source()
PROCESSED = t.processed()
FUNCTIONS = {"Ingest", "Inbound", "Opsgenie", "Incident", "Notify", "Api", "Publish", "Status", "Sweep"}

# Actions for which AWS documents no resource narrower than "*": (role, statement) -> what its actions begin with.
WITHOUT_RESOURCE = {
    ("EscalationRole", "LogDelivery"): "logs:",
    ("EscalationRole", "Traces"): "xray:",
    ("ApiRole", "Unsubscribe"): "sns:Unsubscribe",
    ("StatusRole", "Unsubscribe"): "sns:Unsubscribe",
}


def of(*types):
    return t.resources(PROCESSED, *types)


class Table(unittest.TestCase):
    """Security 37, and the promises about the table."""

    table = SOURCE["Resources"]["Table"]

    def test_is_encrypted_recoverable_protected_and_retained(self):
        properties = self.table["Properties"]
        self.assertEqual(properties["SSESpecification"], {"SSEEnabled": True, "SSEType": "KMS"})
        self.assertIs(properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], True)
        self.assertIs(properties["DeletionProtectionEnabled"], True)
        self.assertEqual((self.table["DeletionPolicy"], self.table["UpdateReplacePolicy"]), ("Retain", "Retain"))

    def test_is_on_demand_with_both_images_and_expiry(self):
        properties = self.table["Properties"]
        self.assertEqual(properties["BillingMode"], "PAY_PER_REQUEST")
        self.assertEqual(properties["StreamSpecification"]["StreamViewType"], "NEW_AND_OLD_IMAGES")
        self.assertEqual(properties["TimeToLiveSpecification"], {"AttributeName": "expires_at", "Enabled": True})

    def test_indexes_hold_keys_only(self):
        for index in self.table["Properties"]["GlobalSecondaryIndexes"]:
            self.assertEqual(index["Projection"], {"ProjectionType": "KEYS_ONLY"}, index["IndexName"])

    def test_is_the_only_one(self):
        self.assertEqual(list(of("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")), ["Table"])


class Permissions(unittest.TestCase):
    """Security 38."""

    def test_no_action_is_a_pattern(self):
        for role, statement in t.role_statements(PROCESSED):
            for action in t.listed(statement["Action"]):
                self.assertNotIn("*", action, role)
            self.assertNotIn("NotAction", statement, role)

    def test_every_resource_is_exact_or_of_our_own_prefix(self):
        for role, statement in t.role_statements(PROCESSED):
            prefix = WITHOUT_RESOURCE.get((role, statement["Sid"]))
            if prefix:
                actions = t.listed(statement["Action"])
                self.assertTrue(all(a.startswith(prefix) for a in actions), (role, statement))
                continue
            for resource in t.listed(statement.get("Resource", [])):
                self.assertNotEqual(resource, "*", (role, statement["Sid"]))
                if isinstance(resource, str):
                    self.fail(f"{role} {statement['Sid']}: {resource} is written by hand, not of this stack")
                plain = t.text(resource)
                self.assertRegex(plain.split(":*")[0], r"^arn:aws:[a-z-]+:us-east-1:123456789012:.*\w", role)

    def test_a_phone_number_may_be_paged_but_no_topic_beside_ours(self):
        for role, statement in t.role_statements(PROCESSED):
            if "NotResource" in statement:
                self.assertEqual(statement["Effect"], "Allow")
                self.assertEqual(t.listed(statement["Action"]), ["sns:Publish"], role)
                self.assertEqual(statement["NotResource"], "arn:*:sns:*:*:*", role)
                self.assertIn(role, {"NotifyRole", "SweepRole", "StatusRole"})
            elif "sns:Publish" in t.listed(statement["Action"]):
                for resource in map(t.text, t.listed(statement["Resource"])):
                    self.assertRegex(resource, r":tocsin-(user-\*|LastResortTopic)$", role)

    def test_no_managed_policy_and_no_policy_outside_the_roles(self):
        for name, role in of("AWS::IAM::Role").items():
            self.assertNotIn("ManagedPolicyArns", role["Properties"], name)
        self.assertEqual(of("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::User"), {})

    def test_each_function_has_a_role_of_its_own(self):
        roles = [json.dumps(f["Properties"]["Role"]) for f in of("AWS::Lambda::Function").values()]
        self.assertEqual(len(set(roles)), len(FUNCTIONS))

    def test_each_statement_has_its_own_sid(self):
        seen = set()
        for role, statement in t.role_statements(PROCESSED):
            self.assertNotIn((role, statement["Sid"]), seen)
            seen.add((role, statement["Sid"]))


class ResourcePolicies(unittest.TestCase):
    """Security 39."""

    def test_topic_and_queue_policies_name_their_source(self):
        policies = of("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::Events::EventBusPolicy")
        self.assertTrue(policies)
        for name, policy in policies.items():
            for statement in t.statements(policy["Properties"]["PolicyDocument"]):
                self.assertEqual(statement["Effect"], "Allow")
                self.assertNotEqual(statement["Principal"], "*", name)
                keys = {key for condition in statement["Condition"].values() for key in condition}
                self.assertTrue(keys & {"aws:SourceArn", "aws:SourceAccount"}, name)

    def test_permissions_on_functions_name_their_source(self):
        permissions = of("AWS::Lambda::Permission")
        self.assertTrue(permissions)
        for name, permission in permissions.items():
            properties = permission["Properties"]
            self.assertTrue({"SourceArn", "SourceAccount"} & set(properties), name)
            self.assertNotEqual(properties["Principal"], "*", name)

    def test_services_assume_roles_for_this_account(self):
        for name, role in of("AWS::IAM::Role").items():
            for statement in t.statements(role["Properties"]["AssumeRolePolicyDocument"]):
                (service,) = statement["Principal"].values()
                if service != "lambda.amazonaws.com":  # Lambda itself allows a role only to functions of its account
                    self.assertIn("Condition", statement, name)


class Secrets(unittest.TestCase):
    """Security 40, 4 and 9."""

    WORDS = re.compile(r"secret|token|password|passwd|credential|api_?key|private", re.I)

    def test_no_parameter_takes_a_secret(self):
        for name, parameter in SOURCE["Parameters"].items():
            self.assertNotRegex(name, self.WORDS)
            self.assertNotIn("NoEcho", parameter, name)

    def test_no_variable_or_output_carries_one(self):
        for name, function in of("AWS::Lambda::Function").items():
            for variable in function["Properties"]["Environment"]["Variables"]:
                self.assertNotRegex(variable, self.WORDS, name)
        for name in SOURCE["Outputs"]:
            self.assertNotRegex(name, self.WORDS)

    def test_nobody_is_let_in_by_a_default(self):
        for name, parameter in SOURCE["Parameters"].items():
            if re.search("phone|email", name, re.I):
                self.assertEqual(parameter["Default"], "", name)


class Isolation(unittest.TestCase):
    """Nothing of the local stack in the template: the two differ by parameters."""

    def test_no_address_of_a_laptop(self):
        text = (pathlib.Path(t.ROOT) / "template.yaml").read_text()
        self.assertNotRegex(text, r"AWS_ENDPOINT_URL|localhost|127\.0\.0\.1|000000000000|(?i:ministack)")

    def test_variables_are_ours_by_name(self):
        for name, function in of("AWS::Lambda::Function").items():
            for variable in function["Properties"]["Environment"]["Variables"]:
                self.assertTrue(variable.startswith("TOCSIN_"), (name, variable))


class Edges(unittest.TestCase):
    """Nothing that fails is silent (invariant I9)."""

    def test_the_stream_has_two_readers(self):
        mappings = of("AWS::Lambda::EventSourceMapping")
        self.assertEqual(len(mappings), 2)
        for name, mapping in mappings.items():
            properties = mapping["Properties"]
            self.assertEqual(properties["StartingPosition"], "TRIM_HORIZON", name)
            self.assertEqual(properties["FunctionResponseTypes"], ["ReportBatchItemFailures"], name)
            self.assertIs(properties["BisectBatchOnFunctionError"], True, name)
            self.assertGreater(properties["MaximumRetryAttempts"], 0, name)
            self.assertGreater(properties["MaximumRecordAgeInSeconds"], 0, name)
            self.assertIn("Destination", properties["DestinationConfig"]["OnFailure"], name)
            self.assertTrue(properties["FilterCriteria"]["Filters"], name)

    def test_every_target_of_a_rule_retries_finitely_and_has_a_failure_queue(self):
        rules = of("AWS::Events::Rule")
        self.assertTrue(rules)
        for name, rule in rules.items():
            for target in rule["Properties"]["Targets"]:
                self.assertIn("Arn", target["DeadLetterConfig"], name)
                self.assertIn("MaximumRetryAttempts", target["RetryPolicy"], name)

    def test_functions_that_rules_invoke_have_a_failure_queue(self):
        configured = of("AWS::Lambda::EventInvokeConfig")
        functions = {c["Properties"]["FunctionName"]["Ref"] for c in configured.values()}
        self.assertEqual(functions, {"SweepFunction", "InboundFunction"})
        for name, config in configured.items():
            self.assertIn("OnFailure", config["Properties"]["DestinationConfig"], name)

    def test_every_failure_queue_is_encrypted_kept_and_watched(self):
        watched = json.dumps([a["Properties"].get("Dimensions") for a in of("AWS::CloudWatch::Alarm").values()])
        for name, queue in of("AWS::SQS::Queue").items():
            self.assertIs(queue["Properties"]["SqsManagedSseEnabled"], True, name)
            self.assertEqual(queue["Properties"]["MessageRetentionPeriod"], 14 * 24 * 3600, name)
            self.assertIn(f'"{name}"', watched)

    def test_every_function_is_watched_and_its_log_expires(self):
        alarms = [a["Properties"] for a in of("AWS::CloudWatch::Alarm").values()]
        for name in FUNCTIONS:
            for metric in ("Errors", "Throttles"):
                mine = [a for a in alarms if a["MetricName"] == metric and f"{name}Function" in json.dumps(a)]
                self.assertEqual(len(mine), 1, (name, metric))
        for name, group in of("AWS::Logs::LogGroup").items():
            self.assertEqual(group["Properties"]["RetentionInDays"], {"Ref": "LogRetentionDays"}, name)
        for name, function in of("AWS::Lambda::Function").items():
            self.assertIn("LogGroup", function["Properties"]["LoggingConfig"], name)

    def test_every_alarm_goes_to_operations(self):
        for name, alarm in of("AWS::CloudWatch::Alarm").items():
            self.assertEqual(alarm["Properties"]["AlarmActions"], [{"Ref": "OperationsTopic"}], name)

    def test_the_readme_bills_each_alarm(self):
        self.assertIn(f"| {len(of('AWS::CloudWatch::Alarm'))} alarms x 0.10,", (t.ROOT / "README.md").read_text())

    def test_a_silent_sweep_is_an_alarm(self):
        self.assertEqual(SOURCE["Resources"]["SweepSilent"]["Properties"]["TreatMissingData"], "breaching")


class Functions(unittest.TestCase):
    def test_are_built_for_the_chosen_processor_behind_a_live_alias(self):
        functions = t.resources(SOURCE, "AWS::Serverless::Function")
        self.assertEqual({n.removesuffix("Function") for n in functions}, FUNCTIONS)
        for name, function in functions.items():
            short = name.removesuffix("Function").lower()
            self.assertEqual(function["Metadata"]["BuildMethod"], "rust-cargolambda", name)
            self.assertEqual(function["Metadata"]["BuildProperties"], {"Binary": f"tocsin-{short}"}, name)
            self.assertEqual(function["Properties"]["CodeUri"], f"functions/{short}", name)
            self.assertIs(function["Properties"]["AutoPublishAliasAllProperties"], True, name)
        self.assertEqual(SOURCE["Globals"]["Function"]["Architectures"], [{"Ref": "Architecture"}])
        self.assertEqual(SOURCE["Globals"]["Function"]["AutoPublishAlias"], "live")
        self.assertEqual(SOURCE["Parameters"]["Architecture"]["Default"], "arm64")

    def test_no_concurrency_is_reserved_by_default(self):
        self.assertEqual(SOURCE["Parameters"]["NotifyReservedConcurrency"]["Default"], 0)
        for name, function in t.resources(SOURCE, "AWS::Serverless::Function").items():
            reserved = function["Properties"].get("ReservedConcurrentExecutions")
            self.assertEqual(reserved is not None, name == "NotifyFunction", name)

    def test_gateway_logs_hold_neither_path_nor_address(self):
        """Security 36: a path carries an integration key or a link token."""
        for name, stage in of("AWS::ApiGatewayV2::Stage").items():
            asked = set(re.findall(r"\$context\.([\w.]+)", stage["Properties"]["AccessLogSettings"]["Format"]))
            allowed = {"requestId", "routeKey", "status", "responseLatency", "integrationErrorMessage"}
            self.assertLessEqual(asked, allowed, name)


class Escalation(unittest.TestCase):
    """The state machine stays a dumb loop that never fails."""

    machine = json.loads((t.ROOT / "infra" / "escalation.asl.json").read_text())

    def test_never_fails_and_says_why_everywhere(self):
        for name, state in self.machine["States"].items():
            self.assertNotEqual(state["Type"], "Fail", name)
            self.assertGreater(len(state.get("Comment", "")), 20, name)

    def test_tasks_have_a_constant_timeout_a_retry_and_a_way_back(self):
        for name, state in self.machine["States"].items():
            if state["Type"] == "Task":
                self.assertIsInstance(state["TimeoutSeconds"], int, name)
                self.assertTrue(state["Retry"], name)
                self.assertEqual(state["Catch"][-1]["ErrorEquals"], ["States.ALL"], name)
                self.assertEqual(self.machine["States"][state["Catch"][-1]["Next"]]["Type"], "Wait", name)

    def test_a_due_instant_costs_three_transitions(self):
        states = self.machine["States"]
        loop = ["WaitUntilDue"]
        while True:
            state = states[loop[-1]]
            following = state["Choices"][0]["Next"] if state["Type"] == "Choice" else state["Next"]
            if following == loop[0]:
                break
            loop.append(following)
        self.assertLessEqual(len(loop), 3)
        self.assertEqual(self.machine["StartAt"], "Notify")

    def test_the_timeout_outlasts_the_function(self):
        timeout = SOURCE["Resources"]["NotifyFunction"]["Properties"]["Timeout"]
        self.assertGreater(self.machine["States"]["Notify"]["TimeoutSeconds"], timeout)


if __name__ == "__main__":
    unittest.main()
