// Package oapi places calls through a PBX that offers the "oapi": click to
// call by a device's name and password, and a list of call histories.
//
// # What the page says
//
//	POST /oapi/v1/voice/auth_token             a token for signals by websocket
//	POST /oapi/v1/call/click-to-call/:number   rings the device, then the number
//	GET  /oapi/v1/call/histories               the call log, signed
//	GET  /oapi/v1/call/play_recording          the URL of a recording, signed
//
// Requests that place calls or fetch tokens carry x-auth-app-id and
// x-auth-app-hash, which is sha256(appId + appSecret). The two lists carry a
// hash over their own parameters, in the order of the page. There is no login
// that could expire: each request proves itself.
//
// # What the page leaves open, and what is done about it
//
// Agents. Nothing tells which devices are registered or in a call. The devices
// of the settings are the agents; one counts as free while no call of ours is
// his, and 400 (device offline) leaves him alone for a while.
//
// The token. It is for a websocket whose address the page does not tell, so it
// is fetched by the check of a gateway only: it proves a device's password
// without ringing anybody.
//
// The answer to click to call. It has no documented body, so it names no call:
// calls are found in the log by device, number and time. 400 is the only
// documented failure, "device offline". Other answers of 4xx that a server
// gives before it acts (401, 403, 404, 405, 413, 415, 422, 429) are refusals
// too. All else, 408 and 5xx among it, may have placed the call and is
// looked up instead of repeated.
//
// Dates. created_from and created_to are "String". They are written in UTC with
// milliseconds, 2018-02-07T02:19:33.000Z, as the maker's public guide to the
// hash shows them. Whether a row is created when a call begins or when it ends is
// not told; the end of the window is the present, which fits both.
//
// The shape of the list. The page names the fields of a row but not what the
// rows are in: a bare array is read, and an object that holds one array of
// objects, one level deeper too.
//
// Who is who. In a call to the outside (direction from_ab) the party of type
// "user" is the agent and the other one the customer. The agent may be named
// by his device (number) or by his user name; both are compared with the
// settings.
//
// Rows of calls that have not ended. The page does not say that there are none.
// IVR ("has reached the far system, the receiver has not picked up"), SUCCESS
// without any talk, and words that the page does not know might be said of a call
// that still rings, and whoever believed them could call a person again who
// is about to answer. Such a row counts only once it has not grown for ten
// seconds, or, if it tells no duration, two minutes after the call began.
//
// CANCELLED is "hung up before the receiver picked up". We cannot hang up
// ourselves, so it was the agent: the call counts as cancelled.
//
// Rows have no id: one is made from the parties and the time.
//
// The age of a row. Histories reach back 31 days, and so do our questions.
package oapi
