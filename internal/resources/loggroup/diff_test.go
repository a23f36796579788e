// SPDX-License-Identifier: Apache-2.0

package loggroup

import (
	"testing"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

const (
	name   = "/aws/eks/prod/fargate/payments"
	keyARN = "arn:aws:kms:eu-west-1:111122223333:key/1234"
	other  = "arn:aws:kms:eu-west-1:111122223333:key/9999"
)

var (
	keyID = resource.ID{Kind: "KMSKey", Name: "alias/fargate-payments"}
	known = resource.Values{{From: keyID, Value: resource.ARN}: keyARN}
)

func TestDiff(t *testing.T) {
	type want struct {
		desired, observed string
		severity          drift.Severity
		reason, waitsFor  string
	}
	byRef := Desired{Name: name, RetentionDays: 90, KeyFrom: &keyID}
	cases := []struct {
		name   string
		d      Desired
		group  observed.LogGroup
		values resource.Values
		path   string
		want   want
	}{
		{name: "as declared", d: byRef, group: observed.LogGroup{RetentionDays: 90, KeyARN: keyARN}, values: known},
		{name: "key by ARN", d: Desired{RetentionDays: 90, KeyARN: keyARN}, group: observed.LogGroup{RetentionDays: 90, KeyARN: keyARN}},
		{name: "never and never", d: Desired{}, group: observed.LogGroup{}},
		{name: "no word about keys", d: Desired{}, group: observed.LogGroup{KeyARN: other}},
		{name: "another key is retired", d: Desired{RetiredKeyARNs: []string{keyARN}}, group: observed.LogGroup{KeyARN: other}},
		{name: "nothing is retired", d: Desired{RetiredKeyARNs: []string{""}}, group: observed.LogGroup{}},
		{"retention longer", byRef, observed.LogGroup{RetentionDays: 365, KeyARN: keyARN}, known, "retentionDays",
			want{"90", "365", drift.Medium, ReasonRetention, ""}},
		{"retention removed", byRef, observed.LogGroup{KeyARN: keyARN}, known, "retentionDays",
			want{"90", never, drift.Medium, ReasonRetention, ""}},
		{"retention shorter", byRef, observed.LogGroup{RetentionDays: 1, KeyARN: keyARN}, known, "retentionDays",
			want{"90", "1", drift.High, ReasonRetention, ""}},
		{"retention set where none is declared", Desired{}, observed.LogGroup{RetentionDays: 3653}, nil, "retentionDays",
			want{never, "3653", drift.High, ReasonRetention, ""}},
		{"key missing", byRef, observed.LogGroup{RetentionDays: 90}, known, "kmsKey",
			want{keyARN, "", drift.High, ReasonKey, ""}},
		{"other key", byRef, observed.LogGroup{RetentionDays: 90, KeyARN: other}, known, "kmsKey",
			want{keyARN, other, drift.High, ReasonKey, ""}},
		{"key does not exist yet", byRef, observed.LogGroup{RetentionDays: 90}, nil, "kmsKey",
			want{drift.Unknown, "", drift.High, ReasonKey, "KMSKey/alias/fargate-payments"}},
		{"key was declared once", Desired{RetiredKeyARNs: []string{keyARN}}, observed.LogGroup{KeyARN: keyARN}, nil, "kmsKey",
			want{"", keyARN, drift.Medium, ReasonKeyRetired, ""}},
		{"retired key is replaced", Desired{KeyARN: other, RetiredKeyARNs: []string{keyARN}}, observed.LogGroup{KeyARN: keyARN}, nil, "kmsKey",
			want{other, keyARN, drift.High, ReasonKey, ""}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := diff(c.d, c.group, c.values)
			if c.path == "" {
				if len(got) > 0 {
					t.Errorf("got %+v, want no difference", got)
				}
				return
			}
			if len(got) != 1 || got[0].Path != c.path || got[0].Action != drift.Repair {
				t.Fatalf("got %+v, want one difference at %s", got, c.path)
			}
			if d := got[0]; (want{d.Desired, d.Observed, d.Severity, d.Reason, d.WaitsFor}) != c.want {
				t.Errorf("got %+v, want %+v", d, c.want)
			}
		})
	}
}

func TestHash(t *testing.T) {
	hash := func(d Desired) string { return New(nil, awsapi.Scope{}, d).Hash() }
	base := Desired{Name: name, RetentionDays: 90, KeyFrom: &keyID}
	retired := base
	retired.RetiredKeyARNs = []string{other}
	same := keyID
	if hash(retired) != hash(base) || hash(Desired{Name: name, RetentionDays: 90, KeyFrom: &same}) != hash(base) {
		t.Error("the hash depends on more than the declaration")
	}
	for i, d := range []Desired{
		{Name: name, RetentionDays: 30, KeyFrom: &keyID}, {Name: name, RetentionDays: 90}, {Name: name, RetentionDays: 90, KeyARN: keyARN}, {Name: name + "x", RetentionDays: 90, KeyFrom: &keyID},
	} {
		if hash(d) == hash(base) {
			t.Errorf("edit %d does not change the hash", i)
		}
	}
}

// A group of class DELIVERY keeps its events for two days, whatever is asked for: to try it in each pass would be no use.
func TestRetentionOfAClassThatHasNone(t *testing.T) {
	d := Desired{Name: name, RetentionDays: 90}
	got := diff(d, observed.LogGroup{Name: name, RetentionDays: 2, Class: "DELIVERY"}, nil)
	if len(got) != 1 || got[0].Action != drift.RequiresReplacement || got[0].Reason != ReasonRetentionFixed {
		t.Errorf("differences are %+v", got)
	}
	if got := diff(d, observed.LogGroup{Name: name, RetentionDays: 2, Class: "STANDARD"}, nil); got[0].Action != drift.Repair {
		t.Errorf("differences are %+v", got)
	}
}
