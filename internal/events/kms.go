// SPDX-License-Identifier: Apache-2.0

package events

import (
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
)

// SourceKMS is the eventSource of AWS KMS.
const SourceKMS = "kms.amazonaws.com"

// The kinds of objects of AWS KMS.
const (
	// Key is named by its id, never by its ARN.
	Key Kind = "Key"
	// Alias is named "alias/...".
	Alias Kind = "Alias"
)

// kmsService are the calls of AWS KMS.
var kmsService = service{
	source:  SourceKMS,
	objects: "keys and aliases",
	rows: []row{
		// Records: https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html, a page for each call.
		// A key may be given by its id, its ARN or an alias. resources has its ARN in most records, and since December 2022
		// responseElements.keyId too. Grants are not looked at for drift, and AWS's services make them all the time.
		{calls: "CancelKeyDeletion CreateAlias CreateKey DeleteAlias DeleteImportedKeyMaterial DisableKey DisableKeyRotation EnableKey " +
			"EnableKeyRotation ImportKeyMaterial PutKeyPolicy ReplicateKey RotateKeyOnDemand ScheduleKeyDeletion UpdateAlias UpdateKeyDescription UpdatePrimaryRegion",
			find: anyKey},
		{calls: "TagResource UntagResource", find: anyKey, tags: true},
	},
}

// anyKey finds the keys and aliases of a record of KMS.
var anyKey = each(keyOrAlias, "request.keyId", "request.targetKeyId", "request.aliasName",
	"response.keyId", "response.keyMetadata.keyId", "response.replicaKeyMetadata.keyId", "resources.ARN")

// keyOrAlias takes all that KMS takes for a key: its id, its ARN, an alias and the alias's ARN.
func keyOrAlias(value string) (Object, bool) {
	if arn, err := awsapi.ParseARN(value); err == nil {
		value = arn.Resource
		if !strings.HasPrefix(value, "key/") && !strings.HasPrefix(value, "alias/") {
			return Object{}, false
		}
	}
	if strings.HasPrefix(value, "alias/") {
		return Object{Alias, value}, usable(value)
	}
	value = strings.TrimPrefix(value, "key/")
	return Object{Key, value}, usable(value) && !strings.Contains(value, "/")
}
