package pbxsim_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/pbxsim"
)

// Call a number that is busy, a hundred times faster than life.
func Example() {
	pbx, err := pbxsim.New(pbxsim.Config{TimeScale: 100, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	go func() {
		if err := pbx.Run(ctx); err != nil {
			log.Print(err)
		}
	}()

	client, err := ami.New(ami.Config{Address: pbx.Addr(), Username: "dialer", Secret: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		if err := client.Run(ctx); err != nil {
			log.Print(err)
		}
	}()
	events := client.Subscribe(ami.Filter{Names: []string{"Hangup"}})
	if err := client.Ready(ctx); err != nil {
		log.Fatal(err)
	}
	call, err := ami.Originate{Channel: "PJSIP/200@trunk", Application: "Queue", Data: "sales_1", ChannelID: "call-1"}.Action()
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.Do(ctx, call); err != nil {
		log.Fatal(err)
	}
	for ev := range events.C() {
		if ev.Get("Uniqueid") == "call-1" {
			fmt.Println(ev.Get("Cause"), ev.Get("Cause-txt"))
			break
		}
	}
	events.Close()
	if err := client.Close(); err != nil {
		log.Fatal(err)
	}
	if err := pbx.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(pbx.Originates()), "originate, answered:", pbx.Originates()[0].Answered)
	// Output:
	// 17 User busy
	// 1 originate, answered: false
}
