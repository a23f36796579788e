// SPDX-License-Identifier: Apache-2.0

package inventory

import "github.com/fargate-security/fargate-security-operator/internal/awsapi"

// services are what is known of each AWS service. What a read answers, and from what, is in the service's file.
type services struct {
	ec2     ec2Known
	eks     eksKnown
	iam     iamKnown
	kms     kmsKnown
	logs    logsKnown
	tagging taggingKnown
}

func (v *View) newServices() services {
	return services{ec2: v.newEC2(), eks: v.newEKS(), iam: v.newIAM(), kms: v.newKMS(), logs: v.newLogs(), tagging: v.newTagging()}
}

// Clients returns clients whose reads the View answers where the context says how old answers may be (With). Their
// writes, and reads of other forms than the operator's own, go to AWS. TestEveryReadIsAnsweredOrLeftToAWS holds that none is
// forgotten here.
func (v *View) Clients() awsapi.Clients {
	clients := *v.aws.Load()
	clients.EC2 = ec2Reads{clients.EC2, v}
	clients.EKS = eksReads{clients.EKS, v}
	clients.IAM = iamReads{clients.IAM, v}
	clients.KMS = kmsReads{clients.KMS, v}
	clients.Logs = logsReads{clients.Logs, v}
	return clients
}
