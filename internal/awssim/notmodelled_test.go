// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
)

// attempts try, over the API and each on a simulator of its own, what the page says is not modelled, and return what a
// caller gets. Their keys are service and thing, as the page has them.
type attempts map[string]func(t *testing.T, r *rig) string

// untriable are the bullets of the page's section that no call shows, by the reason why not, or by the tests that hold
// them to the letter.
var untriable = map[string]string{
	"Anything that runs":      "there is nothing to call",
	"Enforced policies":       "TestPoliciesThatCannotBeEnforcedAreRefused TestEachStatementOfThePublishedPolicyIsEnforced",
	"SCPs":                    "AWS Organizations is not served",
	"Time as AWS has it":      "a delay that is not there cannot be called",
	"Members of requests":     "TestRequestSnapshotsAreRead TestQuerySnapshotsAreRead TestQuerySnapshotsDecode TestQueryDecoderRefuses",
	"Some limits":             "TestRequestsThatBreakTheModel",
	"The wording of messages": "nobody knows AWS's",
}

// TestWhatIsNotModelled wants of each thing in the table of "What it does not model" that a caller gets what the table
// says, an attempt at each thing, and each attempt in the table.
func TestWhatIsNotModelled(t *testing.T) {
	section := pageSection(t, "What it does not model")
	page, tried := pageRows(section), attempts{}
	for _, more := range []attempts{unservedOperations, ignoredRequests, openDoors} {
		maps.Copy(tried, more)
	}
	for _, thing := range slices.Sorted(maps.Keys(tried)) {
		t.Run(thing, func(t *testing.T) {
			want, listed := page[thing]
			if got := tried[thing](t, newRig(t, Options{})); got != want || !listed {
				t.Fatalf("a caller gets %q, and the page says %q", got, want)
			}
		})
	}
	for thing := range page {
		if tried[thing] == nil {
			t.Errorf("docs/simulator.md says what a caller gets of %q, and nothing tries it", thing)
		}
	}
	wantEqual(t, "bullets", strings.Join(pageBullets(section), "\n"), strings.Join(slices.Sorted(maps.Keys(untriable)), "\n"))
	t.Logf("%d things", len(page))
}

// TestServiceThatIsNotServed wants a refusal without a code: there is no protocol to say one in.
func TestServiceThatIsNotServed(t *testing.T) {
	request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260304/eu-west-1/ecr/aws4_request, SignedHeaders=host, Signature=0")
	answer := httptest.NewRecorder()
	New(Options{}).Handler().ServeHTTP(answer, request)
	wantEqual(t, "status", answer.Code, http.StatusNotFound)
	wantEqual(t, "answer", answer.Body.String(), "awssim does not serve the service ecr\n")
}

// TestUntriableThingsAreHeldByTests wants each test that untriable names to be there.
func TestUntriableThingsAreHeldByTests(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"*_test.go", filepath.Join("..", "..", "test", "models", "*_test.go")} {
		for _, path := range must[[]string](t)(filepath.Glob(pattern)) {
			source.Write(must[[]byte](t)(os.ReadFile(path)))
		}
	}
	for thing, why := range untriable {
		for _, word := range strings.Fields(why) {
			if strings.HasPrefix(word, "Test") && !strings.Contains(source.String(), "\nfunc "+word+"(") {
				t.Errorf("%s: there is no %s", thing, word)
			}
		}
	}
}

// pageSection is a section of docs/simulator.md.
func pageSection(t *testing.T, title string) string {
	t.Helper()
	text := string(must[[]byte](t)(os.ReadFile(filepath.Join("..", "..", "docs", "simulator.md"))))
	_, after, found := strings.Cut(text, "\n## "+title+"\n")
	section, _, _ := strings.Cut(after, "\n## ")
	if !found {
		t.Fatalf("docs/simulator.md has no section %q", title)
	}
	return section
}

// pageRows reads the section's table: service, things with commas between them, what a caller gets.
func pageRows(section string) map[string]string {
	out := map[string]string{}
	for _, line := range strings.Split(section, "\n") {
		cells := strings.Split(line, " | ")
		if len(cells) != 3 || cells[0] == "| Service" {
			continue
		}
		for _, thing := range strings.Split(cells[1], ", ") {
			out[strings.TrimPrefix(cells[0], "| ")+": "+thing] = strings.TrimSuffix(cells[2], " |")
		}
	}
	return out
}

// pageBullets are the names of the section's bullets, sorted.
func pageBullets(section string) []string {
	var out []string
	for _, match := range regexp.MustCompile(`(?m)^- \*\*(.+?)\.?\*\*`).FindAllStringSubmatch(section, -1) {
		out = append(out, match[1])
	}
	slices.Sort(out)
	return out
}

// outcome is what a caller got, as the page writes it.
func outcome[T any](_ T, err error) string {
	var api smithy.APIError
	switch {
	case err == nil:
		return "taken"
	case errors.As(err, &api):
		return "`" + api.ErrorCode() + "`"
	default:
		return err.Error()
	}
}

// ignored is the outcome of a request that was taken while what is not modelled left no trace.
func ignored(got string, trace bool) string {
	if got == "taken" && !trace {
		return "ignored"
	}
	return got + ", with a trace"
}
