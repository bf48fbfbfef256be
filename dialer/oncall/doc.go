// Package oncall is the gateway to an OnCall hosted PBX, after its page "API
// and Event URL document". The numbers below are the page's sections.
//
// # What is rung
//
// An agent is an extension. A destination of type 0 names it; a queue is a call
// queue of the PBX (6), named by its id, its number or its name, whose members
// the PBX knows: who is logged in to it is an agent of the queue, and he is free
// if he is registered and not on a call. A member who is not logged in is not
// rung, not even where a destination names his extension. Of an extension that is
// no member of a queue that a campaign uses, the PBX tells only whether it is
// offline (2.3).
//
// A call is asked for by "make call by extension" (3.1): the PBX rings the
// extension src first and then calls the number. It shows the caller id that the
// extension has there, so a plan's caller_id has no effect, and it can neither be
// told the customer's name nor be asked to hang up.
//
// # What the page leaves open
//
//   - 3.1 lists its parameters like those that other sections send as JSON, but
//     its example has them in the query. We follow the example. Its answer is not
//     shown at all, so any 2xx means that the call was taken, and the call has no
//     name of the PBX's. The error is not shown either: the ones of other
//     sections are read, and a 4xx is a refusal but for 408 (request time-out),
//     which might come from something between us and the PBX.
//   - No section says what an expired token is answered with. 401, 403, the error
//     1043001 ("permission denied") and a 400 that speaks of a token all have us log
//     in again. No request that places a call carries a token.
//   - Local times have no zone (setting timezone). The example writes "no time" as
//     1970-01-01 08:00:00, which is the epoch in the PBX's zone; `outpace gateway
//     check` compares that with the setting.
//   - The end_time of a search (4.1, 5.1) is "time on which the call is ended". In
//     case it limits the start, it is set a day later than what we need.
//   - 5.1 has no word for busy or no answer: its example says only FAIL, with
//     end_reason NONE, also for a call to a number outside. So each row that is
//     ours is asked for alone (5.2): its targets are what was called, with a
//     fail_code, which is read as a SIP status. If nothing but the agent's own
//     extension was called, the customer was not.
//   - A row that is not called answered but has talk time, and words that are not in
//     our table, give the disposition unknown, so that nobody is called again.
//   - Whether calls that have not ended are in the log is not said. An entry
//     without end_time is left for later.
//   - The direction of the example is EXTENSION_CALL for a call to a number
//     outside, so rows are told apart by caller and callee alone: ours have an
//     extension of ours as caller.
//   - The call_id of an event looks unlike that of the call log, so neither names a
//     call; agent, number and time do.
//   - Events: only call_ended is named. Other names are read as they are known from
//     the maker of this kind of PBX; unknown ones are taken and ignored. The
//     content of "CDR events" is not described; they are ignored as well.
//   - A recording has no call's id (4.1); it is found by caller, callee and time. It
//     can be fetched once recording_base_url says where.
package oncall
