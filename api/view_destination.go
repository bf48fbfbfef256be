package api

import "github.com/outpace/outpace/campaign"

// destinationView is a destination on the wire.
type destinationView struct {
	Application *string           `json:"application"`
	Context     *string           `json:"context"`
	Data        *string           `json:"data"`
	Detail      *string           `json:"detail"`
	Exten       *string           `json:"exten"`
	InUse       int               `json:"in_use"`
	Name        *string           `json:"name"`
	Priority    *string           `json:"priority"`
	TmCreate    *string           `json:"tm_create"`
	TmDelete    *string           `json:"tm_delete"`
	TmUpdate    *string           `json:"tm_update"`
	Type        int               `json:"type"`
	UUID        string            `json:"uuid"`
	Variables   map[string]string `json:"variables"`
	Wrapup      int               `json:"wrapup"` // seconds
}

func viewDestination(d campaign.Destination) any {
	return destinationView{
		Application: orNull(d.Application),
		Context:     orNull(d.Context),
		Data:        orNull(d.Data),
		Detail:      orNull(d.Detail),
		Exten:       orNull(d.Exten),
		InUse:       flag(d.InUse),
		Name:        orNull(d.Name),
		Priority:    orNull(d.Priority),
		TmCreate:    timeOrNull(d.TmCreate),
		TmDelete:    timeOrNull(d.TmDelete),
		TmUpdate:    timeOrNull(d.TmUpdate),
		Type:        d.Type,
		UUID:        d.UUID,
		Variables:   d.Variables,
		Wrapup:      d.Wrapup,
	}
}

var destinationFields = func() fields[campaign.Destination] {
	text := func(place func(*campaign.Destination) *string) setter[campaign.Destination] {
		return at(place, readText)
	}
	return fields[campaign.Destination]{
		"name":        text(func(d *campaign.Destination) *string { return &d.Name }),
		"detail":      text(func(d *campaign.Destination) *string { return &d.Detail }),
		"application": text(func(d *campaign.Destination) *string { return &d.Application }),
		"data":        text(func(d *campaign.Destination) *string { return &d.Data }),
		"context":     text(func(d *campaign.Destination) *string { return &d.Context }),
		"exten":       text(func(d *campaign.Destination) *string { return &d.Exten }),
		"priority":    text(func(d *campaign.Destination) *string { return &d.Priority }),
		"type":        at(func(d *campaign.Destination) *int { return &d.Type }, readInt),
		"wrapup":      at(func(d *campaign.Destination) *int { return &d.Wrapup }, readInt),
		"variables":   at(func(d *campaign.Destination) *map[string]string { return &d.Variables }, readVariables),
	}
}()

func freshDestination() campaign.Destination { return campaign.Destination{} }

func checkDestination(_, d *campaign.Destination, _ object) error { return d.Validate() }
