package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// step is one act of one transactional producer: begin, event, poison, flush, commit or abort.
type step struct {
	Do        string
	Producer  string
	ID        string
	Partition int32
}

// franzTransactions does one step after the other, so that transactions overlap exactly as the suite wrote it down.
func franzTransactions(p *plan) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	clients := map[string]*kgo.Client{}
	for i, s := range p.Steps {
		if clients[s.Producer] == nil {
			client, err := kgo.NewClient(kgo.SeedBrokers(p.Brokers), kgo.DefaultProduceTopic(p.Topic), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID(p.Topic+"."+s.Producer))
			if err != nil {
				report("steps", i, err)
				return
			}
			defer client.Close()
			clients[s.Producer] = client
		}
		if err := franzStep(ctx, clients[s.Producer], s); err != nil {
			report("steps", i, fmt.Errorf("%s of %s: %w", s.Do, s.Producer, err))
			return
		}
	}
	report("steps", len(p.Steps), nil)
}

func franzStep(ctx context.Context, client *kgo.Client, s step) error {
	switch s.Do {
	case "begin":
		return client.BeginTransaction()
	case "event":
		return client.ProduceSync(ctx, &kgo.Record{Partition: s.Partition, Value: []byte(`{}`), Headers: franzHeaders(append(eventHeaders(s.ID, "u1"), header{"content-type", []byte("application/json")}))}).FirstErr()
	case "poison":
		return client.ProduceSync(ctx, &kgo.Record{Partition: s.Partition, Value: []byte(s.ID), Headers: []kgo.RecordHeader{{Key: "content-type", Value: []byte("application/cloudevents+avro")}}}).FirstErr()
	case "flush":
		return client.Flush(ctx)
	case "commit":
		return client.EndTransaction(ctx, kgo.TryCommit)
	case "abort":
		return client.EndTransaction(ctx, kgo.TryAbort)
	}
	return fmt.Errorf("unknown step %s", s.Do)
}
