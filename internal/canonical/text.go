// SPDX-License-Identifier: Apache-2.0

package canonical

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/fargate-security/fargate-security-operator/internal/memo"
)

// hashBytes keeps Hash short: 16 hexadecimal digits.
const hashBytes = 8

// LogGroupARN returns a log group's ARN without the ":*" that DescribeLogGroups puts at its end and other calls refuse
// (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html, arn and logGroupArn).
func LogGroupARN(arn string) string { return strings.TrimSuffix(arn, ":*") }

// Tags shows tags as "k=v, k=v", sorted by key. Keys and values that hold the separators are quoted, so that different
// tags never show the same text.
func Tags(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, quoteIf(k, `=,"`)+"="+quoteIf(m[k], `,"`))
	}
	return strings.Join(pairs, ", ")
}

func quoteIf(s, special string) string {
	if strings.ContainsAny(s, special+"\n\r\t") {
		return strconv.Quote(s)
	}
	return s
}

// List shows a set of ids or names: sorted, each once, separated by ", ".
func List(items []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(items))), ", ")
}

// Text cuts a long text for status to at most limit characters, and says at the end how many were left out.
func Text(s string, limit int) string {
	runes := []rune(strings.ToValidUTF8(s, "\uFFFD"))
	if len(runes) <= limit {
		return string(runes)
	}
	// The note's own length depends on the number in it, so the longest one that can occur is allowed for.
	keep := max(limit-len([]rune(omitted(len(runes)))), 0)
	cut := string(runes[:keep]) + omitted(len(runes)-keep)
	if len([]rune(cut)) > limit {
		return string(runes[:max(limit, 0)])
	}
	return cut
}

func omitted(n int) string { return fmt.Sprintf("… (%d more characters)", n) }

// Hash is a short, stable identity of plain data: SHA-256 of its canonical JSON, 16 hexadecimal digits. What JSON
// cannot hold (channels, functions) hashes as the error that it makes.
func Hash(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		raw = []byte(err.Error())
	}
	sum, _ := hashes.Get(string(raw), func(raw string) (string, error) { return hashOf(sortedJSON(raw)), nil })
	return sum
}

// hashes are those of data that was hashed before: seven declarations of ten thousand profiles.
var hashes = memo.New(8<<20, memo.Text)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:hashBytes])
}

// sortedJSON goes through plain maps, so that keys are sorted whether they came from a struct or a map. What is no JSON
// stays as it is.
func sortedJSON(raw string) string {
	dec := json.NewDecoder(strings.NewReader(raw))
	dec.UseNumber()
	var tree any
	if err := dec.Decode(&tree); err != nil {
		return raw
	}
	sorted, err := json.Marshal(tree)
	if err != nil {
		return raw
	}
	return string(sorted)
}
