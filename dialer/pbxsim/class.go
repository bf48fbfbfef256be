package pbxsim

import (
	"strconv"
	"strings"
)

// class is a set of classes of events, as an EventMask names them.
type class uint32

const (
	classSystem class = 1 << iota
	classCall
	classLog
	classVerbose
	classCommand
	classAgent
	classUser
	classConfig
	classDTMF
	classReporting
	classCDR
	classDialplan
	classOriginate
	classAGI
	classHook
	classCC
	classAOC
	classTest
	classSecurity
	classMessage

	classNone class = 0
	classAll        = classMessage<<1 - 1
)

var classNames = [...]string{
	"system", "call", "log", "verbose", "command", "agent", "user", "config", "dtmf", "reporting",
	"cdr", "dialplan", "originate", "agi", "hookresponse", "cc", "aoc", "test", "security", "message",
}

// privilege is what the Privilege header of an event of one class says.
func (c class) privilege() string {
	for i, name := range classNames {
		if c == 1<<i {
			return name + ",all"
		}
	}
	return "<none>"
}

// parseMask reads an EventMask: on, off, all, a list of classes or a number.
// Words that it does not know count for nothing, as in Asterisk.
func parseMask(mask string) class {
	mask = strings.TrimSpace(mask)
	if n, err := strconv.ParseUint(mask, 10, 32); err == nil {
		return class(n) & classAll
	}
	switch strings.ToLower(mask) {
	case "", "on", "yes", "true", "all", "-1":
		return classAll
	case "off", "no", "false", "none":
		return classNone
	}
	var c class
	for word := range strings.SplitSeq(mask, ",") {
		word = strings.ToLower(strings.TrimSpace(word))
		for i, name := range classNames {
			if word == name {
				c |= 1 << i
			}
		}
		if word == "all" {
			c = classAll
		}
	}
	return c
}
