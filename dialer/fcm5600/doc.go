// Package fcm5600 places calls through an FCM5600 IP PBX by its HTTPS API: the
// PBX dials from one number to another, which rings the agent's extension first.
//
// # What the page says
//
//	GET  /pbx/systeminfo/system-current-time             local time, to the minute
//	GET  /pbx/systeminfo/extension-status                what each extension does
//	POST /api/call-dial/dial                             {dest, src}
//	POST /api/call-dial/hangup                           {extensions}
//	POST /pbx/call-log/search-calllog-page               call log, by days, newest first
//	POST /pbx/call-log/search-general-recording-page     recordings, likewise
//	GET  /pbx/play/general-recording/...                 a recording
//
// Each answer is {code, message, data}; code 0 is success.
//
// # What the page leaves open, and what is done about it
//
// Logging in. The section is damaged. Clients of the device post username and
// password to /pbx/auth/login (login_path in the settings), are given the token
// as data, with "Bearer " before it, and send that back as Authorization. It
// is good for a month; it is renewed a day early, and after a 401. A refused
// login (code 400) is not repeated for a minute, lest the device locks us out.
//
// Errors. The page gives 400 and 401 as HTTP statuses in one place and as the
// answer's code in another. Both are understood. A 401 inside an answer to
// "dial" gives the try back and the next call logs in first. Any other code
// in it but 400, 403 and 404 may mean anything, so the call may have been
// placed and is looked up.
//
// 400 to "dial" is "the caller number does not exist, or the callee number is
// invalid". Only the message can tell which. One that names the callee makes
// the number unusable: its try counts, or it would come back for ever. One
// that names the caller leaves the agent alone for a while. For any other one
// the try is given back.
//
// Which call. "dial" names no call, so calls are found in the log by extension,
// number and time. The log's caller number may be an outbound caller id instead
// of the extension: a caller that is no extension of the PBX says nothing about
// who was rung.
//
// Agents. Extensions are the agents: those of the settings, or all. An
// extension has one entry for each phone that is registered to it; the busiest
// one counts. Hold is a call, Unknown is not reachable. A word that the page
// does not have is taken for not reachable: nobody is rung on a guess. Do not disturb
// is empty in the example; whatever else it says, short of no, is heeded.
//
// Pages. The list of extensions counts them from 0, the examples of the call
// log from 1. Page 0 is asked for too until the answers have shown which it is.
// Dates have no time of day, so a question covers whole days and the reading
// stops at the first page that is older than the calls that are looked for; if
// rows are not newest first, as the page promises, all pages are read.
//
// Talk time. The log has one duration. It counts as talk in a call that was
// ANSWERED, so it may hold ringing, too; where the call was recorded, the
// length of the recording is taken instead, if it is shorter. The status for
// no answer is written NOANSWER and NO ANSWER, and both are read.
//
// Time zone. Times have no zone. If the PBX's local time is not what the
// setting timezone makes of its clock, no row would be found and every call
// end as unknown, so the gateway stays down and says so.
//
// Recordings. "playUrl?token" is all there is on fetching one: the token is
// sent as Authorization and as the query token, to the gateway's own host and
// beneath /pbx/play/ only.
//
// Hanging up ends what the extension is in; the answer does not tell whether
// there was a call.
package fcm5600
