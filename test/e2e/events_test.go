// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/test/tally"
)

const eventQueue = "fargate-drift"

// ownEvents is how the operator counts that events of its own calls came, and were no news.
var ownEvents = regexp.MustCompile(`(?m)^fargatesec_events_total\{outcome="own",[^}]*\} [1-9]`)

// somebody is who the tests' own calls come from.
const somebody = "arn:aws:iam::" + account + ":user/tester"

// TestEvents: the operator's process, with the published policy and an interval of an hour, learns of each change by its
// event alone: shows it, repairs it, says who made it, and has nothing to do about what it did itself.
func TestEvents(t *testing.T) {
	t.Parallel()
	dir := logDir(t, "events")
	s := startSuiteOn(t, dir, startBackend(t, "awssim", dir, "--events-queue="+eventQueue, "--events-delay=200ms")) // CloudTrail is never quicker than the answer
	s.operator = s.startOperator(t)
	s.applyAccount(t)
	l := &life{suite: s, world: s.newWorld(t, "told")}
	l.apply(t, l.manifest(l.world))
	l.waitReady(t, l.world, "payments")
	l.listen(t)
	t.Run("drift is shown", l.isShown)
	t.Run("drift is repaired", l.isRepaired)
	t.Run("a broken message is left", l.leavesBroken)
	t.Run("nothing is done about one's own calls", l.isNoNews)
	s.logsAreClean(t)
	if !t.Failed() {
		tally.Add("real processes: changes in AWS that only their events told of: shown, repaired, with who made them")
	}
}

// listen has the account listen to the queue.
func (l *life) listen(t *testing.T) {
	t.Helper()
	l.cluster.kubectl(t, "patch", "awsaccount/e2e", "--type=merge", "-p",
		fmt.Sprintf(`{"spec":{"driftEvents":{"queueURL":"%s/%s/%s"}}}`, l.proxy.url, account, eventQueue))
	l.cluster.kubectl(t, "wait", "--for=condition=DriftEvents", "awsaccount/e2e", waiting)
	l.untilProfile(t, l.world, "payments", "the read that the account's edit causes", func(p *v1alpha1.FargateSecurityProfile) error {
		if *p.Status.DriftCount != 0 {
			return errNotYet
		}
		return nil
	})
}

func (l *life) keepLogs(t *testing.T, days int32) {
	t.Helper()
	_, err := l.backend.logs.PutRetentionPolicy(background(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(l.logGroup()), RetentionInDays: &days})
	did(t, nil, err)
}

// isShown: in mode Observe.
func (l *life) isShown(t *testing.T) {
	l.setMode(t, l.world, "payments", v1alpha1.ModeObserve)
	l.keepLogs(t, 1)
	p := l.untilProfile(t, l.world, "payments", "drift that an event tells of", func(p *v1alpha1.FargateSecurityProfile) error {
		if *p.Status.DriftCount != 1 || p.Status.Drift[0].ChangedBy == "" {
			return fmt.Errorf("drift is %+v", p.Status.Drift)
		}
		return nil
	})
	if d := p.Status.Drift[0]; d.Path != "retentionDays" || d.Observed != "1" || d.ChangedBy != somebody {
		t.Errorf("drift is %+v", d)
	}
	l.checkColumns(t, "True", "True", "1", "Observe")
}

// isRepaired: in mode Enforce, at the change of mode, and then by an event.
func (l *life) isRepaired(t *testing.T) {
	l.setMode(t, l.world, "payments", v1alpha1.ModeEnforce)
	for n, path := range []string{"retentionDays", "ingress[tcp/22 0.0.0.0/0]"} {
		if n > 0 {
			did(t, nil, handiwork[0](&plot{suite: l.suite, world: l.world}, "payments"))
		}
		says := path + " "
		p := l.untilProfile(t, l.world, "payments", "the repair of "+path, func(p *v1alpha1.FargateSecurityProfile) error {
			if *p.Status.DriftCount != 0 || len(p.Status.Repairs) != n+1 || p.Status.Repairs[0].Path != path {
				return fmt.Errorf("drift %d, repairs %+v", *p.Status.DriftCount, p.Status.Repairs)
			}
			return nil
		})
		if r := p.Status.Repairs[0]; r.ChangedBy != somebody || !strings.Contains(p.Status.LastRepair.Message, says) || !strings.Contains(p.Status.LastRepair.Message, "(changed by "+somebody+")") {
			t.Errorf("repaired %+v; status says %q", r, p.Status.LastRepair.Message)
		}
	}
}

// leavesBroken: what is no event is logged once, and does not keep the next event from being acted on.
func (l *life) leavesBroken(t *testing.T) {
	sent, err := l.backend.sqs.SendMessage(background(), &sqs.SendMessageInput{QueueUrl: aws.String(l.backend.url + "/" + account + "/" + eventQueue), MessageBody: aws.String("no event at all")})
	did(t, sent, err)
	told := func() int { return strings.Count(l.operator.Text(), "a message in the queue of events cannot be read") }
	until(t, "the log of a broken message", func() error {
		if told() == 0 {
			return errNotYet
		}
		return nil
	}, l.operator.process)
	l.keepLogs(t, 3)
	l.untilProfile(t, l.world, "payments", "the repair after a broken message", func(p *v1alpha1.FargateSecurityProfile) error {
		if len(p.Status.Repairs) != 3 {
			return fmt.Errorf("repairs %+v", p.Status.Repairs)
		}
		return nil
	})
	if n := told(); n != 1 {
		t.Errorf("a broken message is logged %d times", n)
	}
}

// isNoNews: once the operator has come to rest, the events of its own repairs have it ask AWS for nothing but more events.
func (l *life) isNoNews(t *testing.T) {
	until(t, "an event of the operator's own to be counted", func() error {
		if !ownEvents.MatchString(l.scraped(t)) {
			return errNotYet
		}
		return nil
	}, l.operator.process)
	until(t, "the operator to come to rest", func() error {
		if asked := l.askedUntilHeard(t); len(asked) > 0 {
			return fmt.Errorf("asked for %q", asked)
		}
		return nil
	}, l.operator.process)
	before := l.profile(t, l.world, "payments").ResourceVersion
	if asked := l.askedUntilHeard(t); len(asked) > 0 {
		t.Errorf("at rest, the operator asked for %q", asked)
	}
	if after := l.profile(t, l.world, "payments").ResourceVersion; after != before {
		t.Errorf("a profile at rest was written: %s, then %s", before, after)
	}
}

// askedUntilHeard has something happen that concerns no profile, and tells what the operator asked AWS for, but events,
// until it has heard of that, and with it of all that happened before, and works on nothing any more.
func (l *life) askedUntilHeard(t *testing.T) []string {
	t.Helper()
	mark, heard := l.proxy.mark(), l.unrelated(t)
	name := fmt.Sprintf("/nobody/%d", l.unrelatedMade)
	l.unrelatedMade++
	created, err := l.backend.logs.CreateLogGroup(background(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name})
	did(t, created, err)
	until(t, "an event that concerns nobody", func() error {
		if l.unrelated(t) == heard {
			return errNotYet
		}
		return nil
	}, l.operator.process)
	l.lastPassesEnd(t)
	var asked []string
	for _, c := range l.proxy.since(mark) {
		if c.service != "sqs" {
			asked = append(asked, c.String())
		}
	}
	return asked
}

var unrelatedEvents = regexp.MustCompile(`(?m)^fargatesec_events_total\{outcome="unrelated",[^}]*\} (\d+)$`)

// unrelated is how many events the operator has heard of that concern no profile.
func (l *life) unrelated(t *testing.T) int {
	t.Helper()
	total := 0
	for _, m := range unrelatedEvents.FindAllStringSubmatch(l.scraped(t), -1) {
		n, err := strconv.Atoi(m[1])
		must(err)
		total += n
	}
	return total
}
