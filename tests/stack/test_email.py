"""Whom alarms tell: the topic, who may publish to it, and the key that keeps what they say."""

from support.aws.stack import Template, arn_of, joined

ALARMS_OF_THIS_STACK = {
    "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    "ArnLike": {
        "aws:SourceArn": joined(
            *("arn:", {"Ref": "AWS::Partition"}, ":cloudwatch:", {"Ref": "AWS::Region"}, ":"),
            *({"Ref": "AWS::AccountId"}, ":alarm:Darkroom-*"),
        )
    },
}


def test_only_alarms_of_this_stack_may_publish_and_only_over_tls(watched: Template) -> None:
    (topic,) = watched.all_of("AWS::SNS::Topic")
    policy = watched.only("AWS::SNS::TopicPolicy")["Properties"]
    deny, allow = policy["PolicyDocument"]["Statement"]

    assert policy["Topics"] == [{"Ref": topic}]
    assert (deny["Effect"], deny["Principal"], deny["Condition"]) == (
        *("Deny", "*"),
        {"Bool": {"aws:SecureTransport": "false"}},
    )
    assert allow == {
        "Sid": "AlarmsOfThisStackPublish",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": {"Ref": topic},
        "Condition": ALARMS_OF_THIS_STACK,
    }


def test_the_topic_is_encrypted_with_a_key_that_turns_and_that_these_alarms_may_use(watched: Template) -> None:
    ((name, key),) = watched.all_of("AWS::KMS::Key").items()
    _, allow = key["Properties"]["KeyPolicy"]["Statement"]

    assert watched.only("AWS::SNS::Topic")["Properties"]["KmsMasterKeyId"] == arn_of(name)
    assert key["Properties"]["EnableKeyRotation"] is True
    assert (key["DeletionPolicy"], key["Properties"]["PendingWindowInDays"]) == ("Delete", 7)
    assert allow == {
        "Sid": "AlarmsOfThisStackEncrypt",
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": ALARMS_OF_THIS_STACK,
    }
