package plan

import (
	"regexp"
	"strings"
)

// number is what may be called; it is also what keeps a number from changing
// the meaning of a dial string or of a PBX's request.
var number = regexp.MustCompile(`^[0-9A-Za-z+*#._-]{1,64}$`)

// trunk is the name of an endpoint, a host with a port, a channel group or,
// for Local, a context.
var trunk = regexp.MustCompile(`^[0-9A-Za-z+*#._:-]{1,80}$`)

// form is how a technology writes number and trunk.
type form int

const (
	formAt    form = iota // tech/number@trunk
	formLocal             // tech/number@trunk/n
	formSlash             // tech/trunk/number
)

// forms are the technologies that can be dialed with, by their name in lower case.
var forms = map[string]form{
	"sip": formAt, "pjsip": formAt, "local": formLocal, "iax2": formSlash, "dahdi": formSlash,
}

const techs = "SIP, PJSIP, IAX2, DAHDI and Local"

// Channel returns what the PBX is asked to dial: tech as the plan has it, the
// bare number, the trunk or "". Its error is an Invalid.
//
// A Local channel always gets /n: without it the PBX takes the channel that we
// know out of the call as soon as audio flows, while the customer talks on.
func Channel(tech, num, trunkName string) (string, error) {
	f, ok := forms[strings.ToLower(tech)]
	if !ok {
		return "", errTech
	}
	if !number.MatchString(num) {
		return "", Invalid{"number", "must be 1 to 64 of the characters 0-9 A-Z a-z + * # . _ -"}
	}
	if trunkName != "" && !trunk.MatchString(trunkName) {
		return "", errTrunk
	}
	var b strings.Builder
	b.WriteString(tech)
	b.WriteByte('/')
	switch {
	case trunkName == "":
		b.WriteString(num)
	case f == formSlash:
		b.WriteString(trunkName + "/" + num)
	default:
		b.WriteString(num + "@" + trunkName)
	}
	if f == formLocal {
		b.WriteString("/n")
	}
	return b.String(), nil
}

var (
	errTech  = Invalid{"tech_name", "must be one of " + techs}
	errTrunk = Invalid{"trunk_name", "must be 1 to 80 of the characters 0-9 A-Z a-z + * # . _ : -"}
)
