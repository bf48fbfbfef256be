// Command outpace is the dialer's one binary: the engine with its REST API
// (serve), a complete demonstration on one machine (demo), a simulated
// Asterisk (pbxsim) and small helpers (token, migrate, version).
//
// main only reads the command line, hands signals on and turns an error into
// an exit code. The server itself is App, which tests start whole.
//
// Exit codes: 0 success, 1 failure, 2 a wrong command line or wrong settings,
// 3 stopped by a second signal before the calls had ended.
package main
