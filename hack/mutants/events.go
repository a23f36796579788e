// SPDX-License-Identifier: Apache-2.0

package main

func init() { mutants = append(mutants, eventMutants...) }

const view = "internal/inventory"

// eventMutants believe old answers, overhear changes, or make too much of them.
var eventMutants = []mutant{
	{"shared answers are acted on", 6, []edit{{"internal/resource/fresh.go",
		`if p.opts.Fresh == nil || it.fresh {`,
		`if true {`}},
		unit, "TestNothingIsRepairedOnOldWord"},
	{"Fresh is answered from memory", 0, []edit{{view + "/age.go",
		`return context.WithValue(ctx, ageKey{}, nil)`,
		`return ctx`}},
		view, "TestNobodyIsToldWhatWasTrueBefore"},
	{"answer is believed longer than touches are remembered", 0, []edit{{view + "/age.go",
		`later(age.Unheard, now.Add(-touchedFor))`,
		`later(age.Unheard, now.Add(-24*touchedFor))`}},
		view, "TestNoAnswerOutlivesTheMemoryOfTouches"},
	{"view forgets a service", 0, []edit{{view + "/services.go",
		`clients.KMS = kmsReads{clients.KMS, v}`,
		`_ = kmsReads{clients.KMS, v}`}},
		view, "TestWhatIsKnownIsNotAskedAgain"},
	{"kind is not looked for by its owner tag", 0, []edit{{view + "/tagging.go",
		`	{FargateProfileType, false},
`, ``}},
		view, "TestWhatIsCreatedIsFoundByItsTag"},
	{"tags that come in a sweep are asked for one by one", 0, []edit{{view + "/tagging.go",
		`{LogGroupType, true}`, `{LogGroupType, false}`}},
		view, "TestWhatIsKnownIsNotAskedAgain"},
	{"what is gone is held", 0, []edit{{"internal/memo/expiring.go",
		`one != &e.ends && now.Sub(one.used) > e.life; one`,
		`one != &e.ends && now.Sub(one.used) > 24*e.life; one`}},
		"internal/memo", "TestWhatIsGoneIsNotHeld"},
	{"what is asked for all the time expires", 0, []edit{{"internal/memo/expiring.go",
		`		e.use(one, now)
	}
	return e.value(key)`, `		_ = now
	}
	return e.value(key)`}},
		"internal/resources/iamrole", "TestPolicyCacheForgetsWhatNobodyAsksFor"},
	{"what AWS is at work on is answered from memory", 0, []edit{{view + "/eks.go",
		`ok && profileChanges(last.FargateProfile) {`,
		`ok && profileChanges(last.FargateProfile) && false {`}},
		view, "TestWhatAWSIsAtWorkOnIsNotRemembered"},
	{"change in AWS does not outdate what was read", 0, []edit{{"controllers/changed.go",
		`		m.touch(change.Objects)
`, ``}},
		controllers, "TestWhoChangedItIsSaidEverywhere"},
	{"own writes count as changes", 0, []edit{{"controllers/queues.go",
		`case q.Sessions.Own(change.RequestID):`,
		`case false:`}},
		controllers, "TestWhatIsNoNewsWakesNobody"},
	{"failed calls count as changes", 0, []edit{{"controllers/queues.go",
		`change.Failed, len(change.Objects) == 0:`,
		`len(change.Objects) == 0:`}},
		controllers, "TestWhatIsNoNewsWakesNobody"},
	{"late event names nobody", 0, []edit{{"controllers/status.go",
		`	nameLate(status, who, objects)
`, `	_ = nameLate
`}},
		controllers, "TestALateEventNamesTheAuthor"},
	{"repair whose status was not written is forgotten", 0, []edit{{reconciler,
		`		r.untold.Store(req, repaired)
`, ``}},
		controllers, "TestARepairThatCouldNotBeToldIsToldLater"},
	{"queue that left the spec is still read", 0, []edit{{"controllers/queues.go",
		`		l.stop()
		delete(q.listeners, account)`,
		`		delete(q.listeners, account)`}},
		controllers, "TestAQueueThatLeavesTheSpecIsLeftAlone"},
	{"broken message is deleted", 0, []edit{{"internal/events/poller.go",
		`			p.leave(message, err)
			continue`,
		`			p.leave(message, err)
			done[aws.ToString(message.MessageId)] = aws.ToString(message.ReceiptHandle)
			continue`}},
		controllers, "TestABrokenMessageGoesToTheDeadLetters"},
	{"answers of before are taken for AWS's own word", 0, []edit{{view + "/age.go",
		`ok && !then.asked {`,
		`ok && !then.asked && false {`}},
		view, "TestWitnessed"},
	{"read that failed proves something", 0, []edit{{engine,
		`it.fresh = err == nil && proven()`,
		`it.fresh = proven()`}},
		unit, "TestAFailedReadProvesNothing"},
	{"failed write leaves nothing unread", 0, []edit{{"internal/resource/act.go",
		`			it.object.Unread = it.object.Unread || !it.heldUp()
`, ``}},
		unit, "TestARepairThatIsReadBackLeavesNothingUnread"},
	{"slow read undoes a newer one", 0, []edit{{view + "/shared.go",
		`if !under.begun.Before(s.begun) {`, `if true {`}},
		view, "TestASlowReadDoesNotUndoANewerOne"},
	{"earlier of two answers at one moment is kept", 0, []edit{{view + "/answers.go",
		`case !begun.Before(e.begun):`, `case begun.After(e.begun):`}},
		view, "TestTheLaterOfTwoAtOneMomentIsKept"},
	{"list shows what was true before", 0, []edit{{view + "/common.go",
		` || !s.parts.last(part).Before(then.begun)`, ``}},
		"internal/resources/podsecuritygroups", "TestOneListShowsAllPolicies"},
	{"old links overwrite new ones", 0, []edit{{"controllers/links.go",
		`l.byProfile[client.ObjectKeyFromObject(profile)] == nil {`,
		`true {`}},
		controllers, "TestLinksKnowProfilesBeforeTheirFirstPass"},
	{"object that left a profile still wakes it", 0, []edit{{"controllers/links.go",
		`		l.remove(known)
	}
	if l.byProfile == nil {`,
		`	}
	if l.byProfile == nil {`}},
		controllers, "TestLinksFindThoseConcerned"},
	{"edit stands in line with periodic passes", 0, []edit{{"controllers/turns.go",
		`if awsapi.IsUrgent(ctx) || works {`, `if awsapi.IsUrgent(ctx) && works {`}},
		controllers, "TestAnEditDoesNotWaitForPeriodicPasses"},
	{"periodic passes take all workers", 0, []edit{{"controllers/turns.go",
		`workers-workers/4`, `workers`}},
		controllers, "TestTurns"},
	{"turn of who was called is taken by another", 0, []edit{{"controllers/turns.go",
		`	next, t.line = t.line[0], t.line[1:]
`, `	next, t.line = t.line[0], t.line[1:]
	t.under--
`}},
		controllers, "TestTurns"},
	{"who leaves keeps its turn", 0, []edit{{"controllers/turns.go",
		`	delete(t.called, req)
	return t.call()`, `	return next, false`}},
		controllers, "TestWhoNeedsNoTurnMakesRoom"},
	{"reading stays periodic when somebody waits for it", 0, []edit{{view + "/shared.go",
		`			under.raise()
`, `			_ = under.raise
`}},
		view, "TestSomebodyWhoWaitsMakesAReadingUrgent"},
	{"raised call stays in its line", 0, []edit{{"internal/awsapi/bucket.go",
		`			b.raise(w)
`, ``}},
		"internal/awsapi", "TestARaisedCallGoesWithTheUrgentOnes"},
	{"urgent reads never sweep", 0, []edit{{view + "/use.go",
		` || u.spent >= pages {`, ` {`}},
		view, "TestUrgentReadsGoAlone"},
	{"edit waits for a first sweep", 0, []edit{{view + "/use.go",
		`pages == 0 && underWay {`, `pages < 0 && underWay {`}},
		view, "TestNobodyInAHurryWaitsForAFirstSweep"},
	{"edit waits for a search by owner", 0, []edit{{view + "/sweep.go",
		`		return underWay
`, `		return false
`}},
		controllers, "TestAnEditDoesNotWaitForASearch"},
	{"search that was put off is forgotten", 0, []edit{{"controllers/fargatesecurityprofile_controller.go",
		`	case s.putOff:`, `	case false:`}},
		controllers, "TestAnEditDoesNotWaitForASearch"},
	{"deletion puts its search off", 0, []edit{{view + "/common.go",
		`after(s.now()), always`, `after(s.now()), notNow`}},
		view, "TestWhoMustKnowWaits"},
	{"urgent read is forgotten", 0, []edit{{view + "/view.go",
		`		v.Touch(objects[0])
		return false`, `		return false`}},
		view, "TestUrgentReadsGoAlone"},
	{"release is remembered as ours", 0, []edit{{"controllers/age.go",
		`append(result.All(), result.Removed...)`, `result.All()`}},
		controllers, "TestWhatWasReleasedIsNotOursAgain"},
	{"hung call is tried again by all who wait", 0, []edit{{view + "/shared.go",
		`under.err != nil && ctx.Err() != nil`,
		`errors.Is(under.err, context.DeadlineExceeded) || ctx.Err() != nil`}},
		view, "TestAHungCallIsAnAnswerToAllWhoWait"},
	{"what is no more is an answer", 0, []edit{{view + "/shared.go",
		`case awsapi.IsNotFound(r.err):`, `case r.err == nil:`}},
		view, "TestWhatIsNoMoreIsNoAnswer"},
	{"sweep ends with the pass that began it", 0, []edit{{view + "/sweep.go",
		`		ctx, done := beyond(ctx)
		defer done()
`, ``}},
		view, "TestASweepOutlastsThePassThatBeganIt"},
	{"sweep holds up the pass that began it", 0, []edit{{view + "/sweep.go",
		`notBefore, apart, func`, `notBefore, here, func`}},
		view, "TestASweepOutlastsThePassThatBeganIt"},
	{"list is a policy's own word", 0, []edit{{view + "/common.go",
		`tell(ctx, asOf{}) // of one object`, `tell(ctx, then) // of one object`}},
		controllers, "TestWhoeverReadsTheListRepairs"},
	{"Tagging API is an object's own word", 0, []edit{{view + "/ask.go",
		`if s.lags {`, `if false {`}},
		view, "TestWitnessed"},
	{"throttle ends a session", 0, []edit{{"internal/awsapi/session.go",
		`if !Classify(err).Kind.Passing() {`, `if err != nil {`}},
		awsapi, "TestASessionStaysThroughWhatPasses"},
	{"CreateKey keeps no pace", 0, []edit{{keys + "/apply.go",
		`o.RetryMaxAttempts = 1 }`, `o.Retryer = aws.NopRetryer{} }`}},
		keys, "TestCreateKeyIsNotRepeatedByTheSDK"},
	{"outage takes all workers", 0, []edit{{"controllers/turns.go",
		` && !r.retries.failing(req)`, ``}},
		controllers, "TestAnOutageLeavesWorkersToEdits"},
	{"events of others count as heard", 0, []edit{{"internal/events/poller.go",
		`known && (p.Ours == nil || p.Ours(change))`, `known`}},
		"internal/events", "TestWhatIsHeard"},
	{"who was repaired is named again", 0, []edit{{"controllers/actors.go",
		`		delete(a.changes, o)
	}
}

// name`, `		_ = o
	}
}

// name`}},
		controllers, "TestWhoMadeADifference"},
	{"pass goes on when its profile has left", 0, []edit{{"controllers/underway.go",
		`(*end)(errLeft)`, `_ = end`}},
		controllers, "TestAPassEndsWhenItsProfileLeaves"},
	{"what came in a rush comes again in one", 0, []edit{{"controllers/retry.go",
		`	if r.spread[req] {`, `	if r.spread != nil {`}},
		controllers, "TestTheFirstIntervalsAreSpread"},
	{"what nobody uses is kept", 0, []edit{{"controllers/stack.go",
		`now.Sub(known.last) > idleFor`, `false`}},
		controllers, "TestWhatNobodyUsesIsForgotten"},
}
