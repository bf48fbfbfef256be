// Package asterisk is the gateway to an Asterisk PBX, version 16 or later, over
// its manager interface (AMI).
//
// A request is an asynchronous Originate whose ChannelId is the dialing's
// uuid, so every event about the customer's channel names the call by itself:
// no table has to survive a restart, and calls that another process placed are
// followed as well. What is not known from events is looked up at the start of
// each session (CoreShowChannels, QueueStatus). The answers to look-ups are
// read from the same stream as the events, so they stand in order with them.
//
// It needs a manager user with `read = call,agent,system` and
// `write = call,originate,reporting`.
package asterisk
