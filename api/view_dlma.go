package api

import (
	"strings"

	"github.com/outpace/outpace/dlma"
)

// listView is a dial list as a whole, a dlma, on the wire.
type listView struct {
	Detail    *string           `json:"detail"`
	DlTable   string            `json:"dl_table"`
	InUse     int               `json:"in_use"`
	Name      *string           `json:"name"`
	TmCreate  *string           `json:"tm_create"`
	TmDelete  *string           `json:"tm_delete"`
	TmUpdate  *string           `json:"tm_update"`
	UUID      string            `json:"uuid"`
	Variables map[string]string `json:"variables"`
}

func viewList(l dlma.List) any {
	return listView{
		Detail:    orNull(l.Detail),
		DlTable:   strings.ReplaceAll(l.UUID, "-", "_"), // no table of ours: kept for clients that read it
		InUse:     flag(l.InUse),
		Name:      orNull(l.Name),
		TmCreate:  timeOrNull(l.TmCreate),
		TmDelete:  timeOrNull(l.TmDelete),
		TmUpdate:  timeOrNull(l.TmUpdate),
		UUID:      l.UUID,
		Variables: l.Variables,
	}
}

var listFields = fields[dlma.List]{
	"name":      at(func(l *dlma.List) *string { return &l.Name }, readText),
	"detail":    at(func(l *dlma.List) *string { return &l.Detail }, readText),
	"variables": at(func(l *dlma.List) *map[string]string { return &l.Variables }, readVariables),
}

func freshList() dlma.List { return dlma.List{} }

func checkList(_, l *dlma.List, _ object) error { return l.Validate() }
