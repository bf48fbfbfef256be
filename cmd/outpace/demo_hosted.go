package main

import (
	"net/http"

	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

// demoPlace is where a simulated hosted PBX and our server are.
type demoPlace struct {
	settings hosted.Settings // complete but for Name and Logger
	hooks    string          // URL that hooks are posted to
}

// demoKinds are the kinds of hosted PBXs that can be simulated: each makes the
// PBX's API over a world, and the settings of a gateway to it once it is known
// where it is served. A new kind is one more line here.
var demoKinds = map[string]func(*hostedsim.World) (http.Handler, func(demoPlace) kindSettings){
	"fcm5600": fcm5600Demo,
	"oapi":    oapiDemo,
	"oncall":  oncallDemo,
	"tel4vn":  tel4vnDemo,
}
