// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"os"
	"regexp"
	"testing"
)

// TestTheAccountsInTheDocsAreTaken: each whole AWSAccount that docs/awsaccount.md shows.
func TestTheAccountsInTheDocsAreTaken(t *testing.T) {
	page, err := os.ReadFile("../../docs/awsaccount.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(apiVersion:.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 2 {
		t.Fatalf("the page shows %d accounts", len(blocks))
	}
	for _, block := range blocks {
		obj := parse(t, block[1])
		if err := dryCreate(t, obj); err != nil {
			t.Errorf("%s is refused: %v", obj.GetName(), err)
		}
	}
}
