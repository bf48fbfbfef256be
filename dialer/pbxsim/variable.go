package pbxsim

import "strings"

// Variable is a channel variable.
type Variable struct{ Name, Value string }

// variables keeps them in the order they were set; the last value of a name
// wins.
type variables struct{ list []Variable }

// bare is a name without the underscores that say who inherits it.
func bare(name string) string {
	for range 2 {
		name = strings.TrimPrefix(name, "_")
	}
	return name
}

func (v *variables) set(name, value string) {
	for i := range v.list {
		if bare(v.list[i].Name) == bare(name) {
			v.list[i] = Variable{name, value}
			return
		}
	}
	v.list = append(v.list, Variable{name, value})
}

func (v *variables) get(name string) (string, bool) {
	if v == nil {
		return "", false
	}
	for _, x := range v.list {
		if bare(x.Name) == bare(name) {
			return x.Value, true
		}
	}
	return "", false
}

// parseVariables reads the Variable headers of an action the way Asterisk
// does: a comma starts another variable unless it is quoted, escaped or in
// brackets; quotes and backslashes are eaten; what has no = is dropped.
func parseVariables(headers []string) []Variable {
	const most = 64 // of one header; what comes after stays in the last one
	var list []Variable
	for _, header := range headers {
		for _, arg := range splitArgs(header, most) {
			name, value, found := strings.Cut(arg, "=")
			if found && name != "" {
				list = append(list, Variable{name, value})
			}
		}
	}
	return list
}

// splitArgs separates application arguments.
func splitArgs(s string, most int) []string {
	var args []string
	for s != "" && len(args) < most-1 {
		arg, rest, more := nextArg(s)
		args = append(args, arg)
		if s = rest; !more {
			return args
		}
	}
	if s != "" || len(args) == 0 {
		args = append(args, s)
	}
	return args
}

// nextArg takes the first argument off. Brackets count inside of quotes too,
// as in Asterisk.
func nextArg(s string) (arg, rest string, more bool) {
	var b strings.Builder
	round, square, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; {
		case ch == '"':
			quoted = !quoted
			continue
		case ch == '\\':
			if i++; i < len(s) {
				b.WriteByte(s[i])
			}
			continue
		case ch == '(':
			round++
		case ch == ')':
			round = max(round-1, 0)
		case ch == '[':
			square++
		case ch == ']':
			square = max(square-1, 0)
		case ch == ',' && round == 0 && square == 0 && !quoted:
			return b.String(), s[i+1:], true
		}
		b.WriteByte(s[i])
	}
	return b.String(), "", false
}
