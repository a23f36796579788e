// SPDX-License-Identifier: Apache-2.0

// Package drift says what a difference between the declared and the observed state is, how bad it is, and keeps the
// books about it in status: since when, how many, worst first. All of it is pure.
package drift

// Severity is how bad a difference is; the words are those of AWS Security Hub.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "Critical"
	High     Severity = "High"
	Medium   Severity = "Medium"
	Low      Severity = "Low"
)

// Rank orders severities: 0 is the worst.
func (s Severity) Rank() int {
	switch s {
	case Critical:
		return 0
	case High:
		return 1
	case Medium:
		return 2
	default:
		return 3
	}
}

// Action is what the operator does about a difference.
type Action string

// The actions.
const (
	Repair              Action = "Repair"
	ReportOnly          Action = "ReportOnly"
	RequiresReplacement Action = "RequiresReplacement"
)

const (
	// Unknown is shown for a value that exists only once another object does.
	Unknown = "(known after creation)"
	// ObjectPath is the path of a difference about an object as a whole.
	ObjectPath = "(object)"
	// Absent is how an object is shown that is not there.
	Absent = "absent"
	// Present is how an object is shown that is there.
	Present = "present"
	// Healthy is what is desired of an object's health, which AWS alone can tell of and nobody declares.
	Healthy = "no issues"
)

// Difference is one field in which an object is not as declared. Desired and Observed are short canonical text: the
// same state always gives the same text, and neither ever holds a secret.
type Difference struct {
	// Path names the field inside the object, e.g. ingress[tcp/22 0.0.0.0/0] or tags[team].
	Path              string
	Desired, Observed string
	Severity          Severity
	Action            Action
	// Reason is a CamelCase word for the Drifted condition, e.g. SecurityGroupRuleUnlisted.
	Reason string
	// Controls are references to published controls that the field answers, e.g. EC2.13 or CIS-5.4.
	Controls []string
	// WaitsFor names the object (Kind/name) that must exist before the field can be repaired: Desired is, or holds,
	// Unknown until then.
	WaitsFor string
}
