// Package tel4vn places calls through a TEL4VN PBX.
//
// What its page leaves open, and what we do:
//
//   - A fail answer comes with no HTTP status of its own: it is understood
//     under 200 and under 4xx.
//   - direction is "outbound" in the table of CDRs and the number 3 in their
//     example: only what surely is inbound is left out.
//   - Where a hook brings callback_apikey is not said: Authorization, bare or
//     Bearer, X-Api-Key, apikey, and the query's apikey all count.
//   - The hooks carry no outcome. "answered" may be the agent's pick-up, and
//     "cdr" says only that the CDR can be read now; so the CDR tells.
//   - Whether a CDR's id is the call_id of click2call is not said, though the
//     examples look so. If the two never agree, agent, number and time do.
//   - Times are local, without a zone.
package tel4vn
