"""Monitoring: alarms, dashboard and saved queries."""

from aws_cdk import Aws
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.config.config import Config
from stacks.monitoring.alarm_email import AlarmEmail
from stacks.monitoring.alarms import alarms_for
from stacks.monitoring.dashboard import rows_of
from stacks.monitoring.metrics import AlarmMetrics
from stacks.monitoring.queries import QUERIES, Query


class Monitoring(Construct):
    """Alarms, dashboard and saved queries.

    Everything has the stack's name in its own, so that stacks in one account keep apart.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, config: Config, metrics: AlarmMetrics, log_group: logs.ILogGroup
    ) -> None:
        super().__init__(scope, construct_id)
        made = [alarm.make(self, config.stack_name) for alarm in alarms_for(config, metrics)]
        if config.alarm_email is not None:
            self._notify(made, config.stack_name, config.alarm_email)
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            # An account's dashboards of all regions are in one list:
            # docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DashboardEntry.html
            dashboard_name=f"{config.stack_name}-{Aws.REGION}",
            widgets=rows_of(metrics, made),
        )
        for query in QUERIES:
            self._save(query, config.stack_name, log_group)

    def _notify(self, alarms: list[cloudwatch.Alarm], stack_name: str, address: str) -> None:
        """Write when an alarm goes off, and when it is over."""
        action = actions.SnsAction(AlarmEmail(self, "Email", stack_name=stack_name, address=address).topic)
        for alarm in alarms:
            alarm.add_alarm_action(action)
            alarm.add_ok_action(action)

    def _save(self, query: Query, stack_name: str, log_group: logs.ILogGroup) -> None:
        """Put a query into a folder of the stack's name."""
        asked = [logs.CfnQueryDefinition.QueryParameterProperty(name=query.asks_for)] if query.asks_for else None
        logs.CfnQueryDefinition(
            self,
            query.name,
            name=f"{stack_name}/{query.name}",
            query_string=query.text,
            log_group_names=[log_group.log_group_name],
            parameters=asked,
        )
