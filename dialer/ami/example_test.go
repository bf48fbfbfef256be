package ami_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// Place a call, tell what became of it, and follow its events.
func Example() {
	client, err := ami.New(ami.Config{Address: "127.0.0.1:5038", Username: "dialer", Secret: "secret"})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	go func() {
		if err := client.Run(ctx); err != nil {
			log.Print(err)
		}
	}()
	defer client.Close()

	events := client.Subscribe(ami.Filter{Names: []string{"OriginateResponse", "Hangup"}})
	defer events.Close()
	if err := client.Ready(ctx); err != nil {
		log.Fatal(err)
	}

	call, err := ami.Originate{
		Channel:     "PJSIP/100@trunk",
		Application: "Queue",
		Data:        "sales",
		Timeout:     30 * time.Second,
		ChannelID:   "5b2f0c1e-1", // never the same twice
		Variables:   []ami.Variable{{Name: "CUSTOMER", Value: `Smith, "Bob"`}},
	}.Action()
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Do(ctx, call)
	switch {
	case errors.Is(err, ami.ErrNotSent):
		log.Print("not placed, may be tried again: ", err)
		return
	case errors.Is(err, ami.ErrOutcomeUnknown):
		log.Print("may have been placed, must not be tried again: ", err)
	case err != nil:
		log.Print("refused: ", err)
		return
	}

	for ev := range events.C() {
		switch {
		case ev.Kind == ami.KindSessionStarted:
			log.Printf("session %d: look up what was missed before", ev.Epoch)
		case ev.Kind == ami.KindEvent && ev.Get("Uniqueid") == "5b2f0c1e-1":
			log.Print(ev.Event(), " ", ev.Get("Response"), ev.Get("Cause-txt"))
			if ev.Event() == "Hangup" {
				return
			}
		}
	}
	log.Print("the stream ended: ", events.Err())
}

// A variable's value is escaped so that it can't set another one.
func ExampleVariable() {
	header, err := ami.Variable{Name: "NOTE", Value: `a, "b"=c\d`}.Header()
	fmt.Println(header.Value, err)
	_, err = ami.Variable{Name: "A=1,B", Value: "2"}.Header()
	fmt.Println(err)
	// Output:
	// NOTE=a\, \"b\"=c\\d <nil>
	// ami: variable "A=1,B" has no valid name
}
