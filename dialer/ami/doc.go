// Package ami is a client for the Asterisk Manager Interface, the text
// protocol by which a program watches and commands an Asterisk PBX. It needs
// nothing but the standard library, and is tried against recordings of
// Asterisk 16 and 22 and against both of them live.
//
// # A client
//
// New checks a Config; Client.Run keeps a session going until its context ends,
// with pauses between attempts that grow up to a limit. Everything else may be
// called from any goroutine: Client.Do sends an action and returns its reply,
// Client.List one that is answered by a list, Client.Subscribe gives a stream of
// events. Client.Ready waits until the PBX has booted.
//
// # What became of an action
//
// Do has four outcomes, and a program that places calls must tell them apart:
//
//	nil                   the PBX accepted
//	*ResponseError        the PBX refused; nothing was done
//	*NotSentError         surely never written; may be tried again
//	*OutcomeUnknownError  written, no reply; it may have been done
//
// The client never sends an action twice. Action.Before runs right before the
// bytes are written, for checks that must hold at that moment, such as a lease
// or a latest time; if it fails the action is not sent.
//
// # Streams and gaps
//
// Sessions are numbered by epochs. A Subscription has marks where a session
// opens (KindSessionOpened), where the PBX is ready for everything
// (KindSessionStarted, with its uptime) and where the session ends
// (KindSessionEnded, with the cause), in order with the events. What happened
// between two epochs was missed: look it up at KindSessionStarted. Who
// subscribes in mid-session gets the marks of that session first, so there is
// one way to start. Event.Seq orders the events of streams and lists, so a list
// can be fitted into a stream:
//
//	opened  started  event  event  ...  ended   opened  started  event ...
//	epoch 1                                     epoch 2
//
// Every stream has a bound. A reader that is too slow does not hold up others:
// its stream is closed with ErrLagged, or events are dropped and counted, as
// its Filter says. Marks are never dropped.
//
// # Variables
//
// Asterisk splits a Variable header at commas and takes quotes and backslashes
// away, so that a careless value can set other variables. Variable escapes its
// value such that it arrives byte for byte, and refuses what can't.
//
// # Goroutines
//
// Run has its own and two more a session. The reader decodes, settles replies
// and hands events out; it calls no code of the user's and waits for nothing
// but the connection. The writer writes one action at a time. When the session
// ends all actions in flight end with it.
package ami
