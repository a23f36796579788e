# SPDX-License-Identifier: Apache-2.0
"""A tour of every operation that awssim serves, with boto3.

usage: tour.py <endpoint>

Prints one operation a line, such as eks:CreateCluster, for each call that
succeeded and whose answer boto3 could parse. Any error ends the tour.
The simulator must hold what TestTour seeds.
"""

import base64
import contextlib
import io
import json
import os
import sys

import boto3
from awscli.clidriver import create_clidriver
from botocore import xform_name
from botocore.config import Config

REGION = "eu-west-1"
ACCOUNT = "111122223333"
# Answers that have something in them are checked for it: (operation, member).
FILLED = {
    "DescribeCluster": "cluster", "DescribeFargateProfile": "fargateProfile", "DescribeNodegroup": "nodegroup", "DescribeUpdate": "update",
    "ListClusters": "clusters", "ListFargateProfiles": "fargateProfileNames", "ListNodegroups": "nodegroups", "ListUpdates": "updateIds",
    "DescribeKey": "KeyMetadata", "ListKeys": "Keys", "ListAliases": "Aliases", "ListResourceTags": "Tags", "GetKeyPolicy": "Policy",
    "DescribeLogGroups": "logGroups", "GetResources": "ResourceTagMappingList", "GetCallerIdentity": "Account", "AssumeRole": "Credentials",
    "AssumeRoleWithWebIdentity": "Credentials", "GetRole": "Role", "ListRoles": "Roles", "ListRoleTags": "Tags", "GetPolicy": "Policy",
    "ListPolicies": "Policies", "GetPolicyVersion": "PolicyVersion", "ListAttachedRolePolicies": "AttachedPolicies", "ListRolePolicies": "PolicyNames",
    "GetRolePolicy": "PolicyDocument", "GetAccountAuthorizationDetails": "RoleDetailList", "DescribeVpcs": "Vpcs", "DescribeSubnets": "Subnets",
    "DescribeSecurityGroups": "SecurityGroups", "DescribeSecurityGroupRules": "SecurityGroupRules", "DescribeNetworkInterfaces": "NetworkInterfaces",
    "DescribeInternetGateways": "InternetGateways", "DescribeRouteTables": "RouteTables", "DescribeManagedPrefixLists": "PrefixLists",
    "GetManagedPrefixListEntries": "Entries", "DescribeTags": "Tags",
    "CreateQueue": "QueueUrl", "GetQueueUrl": "QueueUrl", "GetQueueAttributes": "Attributes", "SendMessage": "MessageId", "ReceiveMessage": "Messages",
}


class Service:
    """Client of a service whose calls are printed as they succeed."""

    def __init__(self, endpoint, name, prefix=None):
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=True, connect_timeout=5, read_timeout=20)
        self.client = boto3.client(
            name, region_name=REGION, endpoint_url=endpoint, aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="secret", config=config
        )
        self.prefix = prefix or name

    def call(self, operation, arguments):
        method = next(m for m, name in self.client.meta.method_to_api_mapping.items() if name == operation)
        return getattr(self.client, method)(**arguments)

    def __call__(self, operation, **arguments):
        answer = self.call(operation, arguments)
        member = FILLED.get(operation)
        if member and not answer.get(member):
            sys.exit(f"{self.prefix}:{operation}: the answer has no {member}: {answer}")
        print(f"{self.prefix}:{operation}", flush=True)
        return answer


class Command(Service):
    """The aws command in the place of boto3: each call is one command line, run in this process."""

    driver = create_clidriver()

    def __init__(self, endpoint, name, prefix=None):
        super().__init__(endpoint, name, prefix)
        self.service, self.endpoint = name, endpoint
        os.environ.update(AWS_ACCESS_KEY_ID="AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY="secret", AWS_MAX_ATTEMPTS="1")

    def call(self, operation, arguments):
        line = [self.service, xform_name(operation, "-"), "--cli-input-json", json.dumps(arguments), "--endpoint-url", self.endpoint,
                "--region", REGION, "--output", "json"]
        if self.client.can_paginate(xform_name(operation)):
            line.append("--no-paginate")
        code, output, errors = self.run(line)
        if code:  # a driver keeps what some commands add to its arguments, and a new one takes long to make
            Command.driver = create_clidriver()
            code, output, errors = self.run(line)
        if code:
            sys.exit(f"aws {' '.join(line)}: exit code {code}: {errors}")
        return json.loads(output) if output.strip() else {}

    def run(self, line):
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        errors = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = Command.driver.main(line)
        output.flush()
        return code, output.buffer.getvalue().decode(), errors.getvalue()


def trust(service):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]})


def allow(action):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})


def tour_kms(kms):
    policy = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"Service": f"logs.{REGION}.amazonaws.com"}, "Action": [
            "kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"], "Resource": "*"},
    ]})
    arn = kms("CreateKey", Policy=policy, Description="d", KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT", Origin="AWS_KMS",
              Tags=[{"TagKey": "a", "TagValue": "b"}])["KeyMetadata"]["Arn"]
    other = kms("CreateKey")["KeyMetadata"]["KeyId"]
    kms("DescribeKey", KeyId=arn, GrantTokens=["t"])
    kms("ListKeys", Limit=1)
    kms("DisableKey", KeyId=arn)
    kms("EnableKey", KeyId=arn)
    kms("EnableKeyRotation", KeyId=arn, RotationPeriodInDays=90)
    assert kms("GetKeyRotationStatus", KeyId=arn)["RotationPeriodInDays"] == 90
    kms("DisableKeyRotation", KeyId=arn)
    kms("PutKeyPolicy", KeyId=arn, Policy=policy, PolicyName="default")
    kms("GetKeyPolicy", KeyId=arn, PolicyName="default")
    kms("CreateAlias", AliasName="alias/tour", TargetKeyId=arn)
    kms("UpdateAlias", AliasName="alias/tour", TargetKeyId=other)
    kms("ListAliases", KeyId=other, Limit=50)
    kms("DeleteAlias", AliasName="alias/tour")
    kms("TagResource", KeyId=arn, Tags=[{"TagKey": "c", "TagValue": "d"}])
    kms("ListResourceTags", KeyId=arn, Limit=50)
    kms("UntagResource", KeyId=arn, TagKeys=["c"])
    kms("ListGrants", KeyId=arn, Limit=50)
    kms("ScheduleKeyDeletion", KeyId=other, PendingWindowInDays=7)
    kms("CancelKeyDeletion", KeyId=other)
    return arn


def tour_logs(logs, key):
    name, arn = "/tour", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/tour"
    logs("CreateLogGroup", logGroupName=name, tags={"a": "b"}, logGroupClass="STANDARD")
    logs("PutRetentionPolicy", logGroupName=name, retentionInDays=7)
    logs("AssociateKmsKey", logGroupName=name, kmsKeyId=key)
    group = logs("DescribeLogGroups", logGroupNamePrefix=name, limit=50)["logGroups"][0]
    assert (group["retentionInDays"], group["kmsKeyId"], group["logGroupArn"]) == (7, key, arn), group
    logs("DisassociateKmsKey", logGroupName=name)
    logs("DeleteRetentionPolicy", logGroupName=name)
    logs("TagResource", resourceArn=arn, tags={"c": "d"})
    assert logs("ListTagsForResource", resourceArn=arn)["tags"] == {"a": "b", "c": "d"}
    logs("UntagResource", resourceArn=arn, tagKeys=["c"])
    logs("DeleteLogGroup", logGroupName=name)


def tour_iam(iam):
    role = {"RoleName": "tour"}
    iam("CreateRole", AssumeRolePolicyDocument=trust("ec2.amazonaws.com"), Description="d", MaxSessionDuration=3600, Path="/p/",
        Tags=[{"Key": "a", "Value": "b"}], **role)
    # One that GetCallerIdentity's user may assume.
    iam("UpdateAssumeRolePolicy", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}]}), **role)
    iam("GetRole", **role)
    iam("UpdateRole", Description="e", MaxSessionDuration=7200, **role)
    iam("ListRoles", PathPrefix="/p/", MaxItems=1)
    iam("TagRole", Tags=[{"Key": "c", "Value": "d"}], **role)
    assert len(iam("ListRoleTags", MaxItems=10, **role)["Tags"]) == 2
    iam("UntagRole", TagKeys=["c"], **role)
    policy = iam("CreatePolicy", PolicyName="tour", PolicyDocument=allow("s3:GetObject"), Path="/p/", Description="d")["Policy"]["Arn"]
    iam("GetPolicy", PolicyArn=policy)
    iam("CreatePolicyVersion", PolicyArn=policy, PolicyDocument=allow("s3:PutObject"), SetAsDefault=True)
    document = iam("GetPolicyVersion", PolicyArn=policy, VersionId="v2")["PolicyVersion"]["Document"]
    assert document["Statement"][0]["Action"] == "s3:PutObject", document
    iam("DeletePolicyVersion", PolicyArn=policy, VersionId="v1")
    iam("ListPolicies", Scope="Local", OnlyAttached=False, PathPrefix="/p/", MaxItems=10)
    iam("AttachRolePolicy", PolicyArn=policy, **role)
    iam("ListAttachedRolePolicies", PathPrefix="/p/", MaxItems=10, **role)
    iam("PutRolePermissionsBoundary", PermissionsBoundary=policy, **role)
    iam("PutRolePolicy", PolicyName="in", PolicyDocument=allow("s3:ListBucket"), **role)
    iam("GetRolePolicy", PolicyName="in", **role)
    iam("ListRolePolicies", MaxItems=10, **role)
    iam("ListInstanceProfilesForRole", MaxItems=10, **role)
    details = iam("GetAccountAuthorizationDetails", Filter=["Role", "LocalManagedPolicy"], MaxItems=100)
    assert any(r["RoleName"] == "tour" and r["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy for r in details["RoleDetailList"])
    iam("CreateServiceLinkedRole", AWSServiceName="eks-fargate.amazonaws.com", Description="d")
    iam("DeleteRolePermissionsBoundary", **role)
    iam("DeleteRolePolicy", PolicyName="in", **role)
    iam("DetachRolePolicy", PolicyArn=policy, **role)
    iam("DeletePolicy", PolicyArn=policy)


def tour_sts(sts, iam):
    sts("GetCallerIdentity")
    sts("AssumeRole", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/p/tour", RoleSessionName="tour", DurationSeconds=900, ExternalId="id")

    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    token = ".".join([part({"alg": "RS256"}), part({"iss": "https://oidc.example.com", "sub": "system:serviceaccount:tour:tour", "aud": ["sts.amazonaws.com"]}), "c2ln"])
    sts("AssumeRoleWithWebIdentity", RoleArn="arn:aws:iam::111122223333:role/assumable", RoleSessionName="tour", WebIdentityToken=token,
        DurationSeconds=900)
    iam("DeleteRole", RoleName="tour")


def tour_network(ec2):
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "a", "Value": "b"}]}]
    vpc = ec2("CreateVpc", CidrBlock="10.9.0.0/16", InstanceTenancy="default", TagSpecifications=tags)["Vpc"]["VpcId"]
    ec2("DescribeVpcs", VpcIds=[vpc])
    subnet = ec2("CreateSubnet", VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZone=REGION + "a")["Subnet"]["SubnetId"]
    ec2("DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": [vpc]}], MaxResults=5)
    ec2("ModifySubnetAttribute", SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    gateway = ec2("CreateInternetGateway")["InternetGateway"]["InternetGatewayId"]
    ec2("AttachInternetGateway", InternetGatewayId=gateway, VpcId=vpc)
    ec2("DescribeInternetGateways", InternetGatewayIds=[gateway])
    ec2("CreateNatGateway", SubnetId=subnet, AllocationId="eipalloc-0a", ConnectivityType="public")
    table = ec2("CreateRouteTable", VpcId=vpc)["RouteTable"]["RouteTableId"]
    main = ec2("DescribeRouteTables", Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}])
    association = ec2("AssociateRouteTable", RouteTableId=table, SubnetId=subnet)["AssociationId"]
    association = ec2("ReplaceRouteTableAssociation", AssociationId=association, RouteTableId=main["RouteTables"][0]["RouteTableId"])["NewAssociationId"]
    ec2("DisassociateRouteTable", AssociationId=association)
    ec2("CreateRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2("DeleteRoute", RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    empty = ec2("CreateVpc", CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    ec2("DeleteVpc", VpcId=empty)
    return vpc, subnet


def tour_groups(ec2, vpc, subnet):
    group = ec2("CreateSecurityGroup", GroupName="tour", Description="d", VpcId=vpc)["GroupId"]
    spare = ec2("CreateSecurityGroup", GroupName="spare", Description="d", VpcId=vpc)["GroupId"]

    def permission(port, description):
        return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": description}]}]

    rule = ec2("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=permission(443, "a"))["SecurityGroupRules"][0]
    ec2("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=permission(53, "b"))
    ec2("UpdateSecurityGroupRuleDescriptionsIngress", GroupId=group, IpPermissions=permission(443, "c"))
    ec2("UpdateSecurityGroupRuleDescriptionsEgress", GroupId=group, IpPermissions=permission(53, "d"))
    ec2("DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": [group]}], MaxResults=5)
    ec2("ModifySecurityGroupRules", GroupId=group, SecurityGroupRules=[{
        "SecurityGroupRuleId": rule["SecurityGroupRuleId"],
        "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 444, "ToPort": 444, "CidrIpv4": "10.0.0.0/8", "Description": "e"}}])
    assert ec2("DescribeSecurityGroups", GroupIds=[group])["SecurityGroups"][0]["IpPermissions"][0]["FromPort"] == 444
    ec2("CreateTags", Resources=[group], Tags=[{"Key": "a", "Value": "b"}])
    ec2("DescribeTags", Filters=[{"Name": "resource-id", "Values": [group]}], MaxResults=5)
    interface = ec2("CreateNetworkInterface", SubnetId=subnet, Groups=[group], Description="d")["NetworkInterface"]["NetworkInterfaceId"]
    ec2("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=[spare])
    ec2("DescribeNetworkInterfaces", NetworkInterfaceIds=[interface])
    ec2("DeleteNetworkInterface", NetworkInterfaceId=interface)
    entries = [{"Cidr": "10.0.0.0/8", "Description": "d"}]
    prefixes = ec2("CreateManagedPrefixList", PrefixListName="tour", AddressFamily="IPv4", MaxEntries=5, Entries=entries)["PrefixList"]["PrefixListId"]
    ec2("DescribeManagedPrefixLists", PrefixListIds=[prefixes], MaxResults=5)
    ec2("GetManagedPrefixListEntries", PrefixListId=prefixes, MaxResults=5, TargetVersion=1)
    ec2("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=permission(53, "d"))
    ec2("RevokeSecurityGroupIngress", GroupId=group, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
    ec2("DeleteTags", Resources=[group], Tags=[{"Key": "a"}])
    ec2("DeleteSecurityGroup", GroupId=spare)


def tour_eks(eks):
    cluster = {"clusterName": "prod"}
    made = eks("CreateCluster", name="tour", roleArn=f"arn:aws:iam::{ACCOUNT}:role/prod-cluster", version="1.35",
               resourcesVpcConfig={"subnetIds": ["subnet-0a", "subnet-0b"]}, clientRequestToken="t", tags={"a": "b"})["cluster"]
    eks("DescribeCluster", name="tour")
    eks("ListClusters", maxResults=10)
    eks("DeleteCluster", name="tour")
    update = eks("UpdateClusterConfig", name="prod", resourcesVpcConfig={"endpointPrivateAccess": True}, clientRequestToken="u")["update"]
    eks("DescribeUpdate", name="prod", updateId=update["id"])
    eks("ListUpdates", name="prod", maxResults=10)
    profile = eks("CreateFargateProfile", fargateProfileName="tour", podExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/pod-exec",
                  subnets=["subnet-0a"], selectors=[{"namespace": "n", "labels": {"a": "b"}}], clientRequestToken="v", **cluster)["fargateProfile"]
    eks("DescribeFargateProfile", fargateProfileName="tour", **cluster)
    eks("ListFargateProfiles", maxResults=10, **cluster)
    arn = profile["fargateProfileArn"]
    eks("TagResource", resourceArn=arn, tags={"c": "d"})
    assert eks("ListTagsForResource", resourceArn=arn)["tags"] == {"c": "d"}
    eks("UntagResource", resourceArn=arn, tagKeys=["c"])
    eks("DeleteFargateProfile", fargateProfileName="tour", **cluster)
    eks("CreateNodegroup", nodegroupName="tour", subnets=["subnet-0a"], nodeRole=f"arn:aws:iam::{ACCOUNT}:role/node", capacityType="ON_DEMAND",
        scalingConfig={"minSize": 1, "maxSize": 1, "desiredSize": 1}, **cluster)
    eks("DescribeNodegroup", nodegroupName="tour", **cluster)
    eks("ListNodegroups", maxResults=10, **cluster)
    eks("DeleteNodegroup", nodegroupName="tour", **cluster)
    return made


def tour_sqs(sqs):
    dead = sqs("CreateQueue", QueueName="dead")["QueueUrl"]
    url = sqs("CreateQueue", QueueName="tour", Attributes={"VisibilityTimeout": "30"}, tags={"a": "b"})["QueueUrl"]
    assert sqs("GetQueueUrl", QueueName="tour", QueueOwnerAWSAccountId=ACCOUNT)["QueueUrl"] == url
    arn = sqs("GetQueueAttributes", QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs("SetQueueAttributes", QueueUrl=url, Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})})
    for body in ("a", "b"):
        sqs("SendMessage", QueueUrl=url, MessageBody=body, DelaySeconds=0)
    # Each has a receive of its own, which is its last: then they go to the dead-letter queue.
    received = sqs("ReceiveMessage", QueueUrl=url, MessageSystemAttributeNames=["All"], AttributeNames=["All"], MaxNumberOfMessages=1, WaitTimeSeconds=1,
                   VisibilityTimeout=20)["Messages"]
    assert received[0]["Body"] == "a" and received[0]["Attributes"]["ApproximateReceiveCount"] == "1", received
    sqs("ChangeMessageVisibility", QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"], VisibilityTimeout=20)
    sqs("DeleteMessage", QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])
    received = sqs("ReceiveMessage", QueueUrl=url)["Messages"]
    assert sqs("DeleteMessageBatch", QueueUrl=url, Entries=[{"Id": "b", "ReceiptHandle": received[0]["ReceiptHandle"]}])["Successful"]


def main(endpoint, by):
    iam = by(endpoint, "iam")
    ec2 = by(endpoint, "ec2")
    tour_logs(by(endpoint, "logs"), tour_kms(by(endpoint, "kms")))
    tour_iam(iam)
    tour_sts(by(endpoint, "sts"), iam)
    tour_groups(ec2, *tour_network(ec2))
    tour_eks(by(endpoint, "eks"))
    tour_sqs(by(endpoint, "sqs"))
    by(endpoint, "resourcegroupstaggingapi", "tagging")("GetResources", ResourceTypeFilters=["ec2"], ResourcesPerPage=10)


main(sys.argv[1], Command if sys.argv[2:] == ["cli"] else Service)
