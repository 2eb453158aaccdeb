package main

import (
	"context"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/cloudevents/sdk-go/protocol/kafka_sarama/v2"
	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/client"
)

// sdkEvent is an event that a CloudEvents SDK makes and encodes.
type sdkEvent struct {
	ID   string
	Mode string // binary or structured
	Data string // json, text or none
	User string
}

func cloudEvents(p *plan) {
	config := sarama.NewConfig()
	config.Version = sarama.V4_0_0_0
	sender, err := kafka_sarama.NewSender(strings.Split(p.Brokers, ","), config, p.Topic)
	if err != nil {
		report("events", 0, err)
		return
	}
	defer sender.Close(context.Background())
	made, err := cloudevents.NewClient(sender, client.WithTimeNow())
	if err != nil {
		report("events", 0, err)
		return
	}
	for _, e := range p.Events {
		report(e.ID, 1, sendEvent(made, e))
	}
}

func sendEvent(made cloudevents.Client, e sdkEvent) error {
	event := cloudevents.NewEvent()
	event.SetID(e.ID)
	event.SetSource("/interop")
	event.SetType("interop.sdk")
	event.SetExtension("audience", `{"users":["`+e.User+`"]}`)
	var err error
	switch e.Data {
	case "json":
		err = event.SetData(cloudevents.ApplicationJSON, map[string]int{"a": 1})
	case "text":
		err = event.SetData(cloudevents.TextPlain, "héllo")
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if e.Mode == "structured" {
		ctx = binding.WithForceStructured(ctx)
	} else {
		ctx = binding.WithForceBinary(ctx)
	}
	if result := made.Send(ctx, event); cloudevents.IsUndelivered(result) {
		return result
	}
	return nil
}
