package conformance

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/tests"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// watermillFeatures are those that watermill-redisstream names in its own tests. The usual
// run has watermill's short forms, -rounds 2 the long ones.
func watermillFeatures() tests.Features {
	return tests.Features{
		ConsumerGroups:                      true,
		GuaranteedOrderWithSingleSubscriber: true,
		Persistent:                          true,
		NewSubscriberReceivesOldMessages:    true,
		ForceShort:                          *roundsFlag <= 1,
	}
}

// watermillAlone are the tests of watermill's suite that end all that they start, as a bubble
// demands. TestConcurrentSubscribe leaves goroutines of watermill, and
// TestPublishSubscribeInOrder closes its subscriber before it subscribes.
var watermillAlone = map[string]func(*testing.T, tests.TestContext, tests.PubSubConstructor){
	"PublishSubscribe":                  tests.TestPublishSubscribe,
	"ConcurrentSubscribeMultipleTopics": tests.TestConcurrentSubscribeMultipleTopics,
	"ResendOnError":                     tests.TestResendOnError,
	"ContinueAfterSubscribeClose":       tests.TestContinueAfterSubscribeClose,
	"ConcurrentClose":                   tests.TestConcurrentClose,
	"ContinueAfterErrors":               tests.TestContinueAfterErrors,
	"PublisherClose":                    tests.TestPublisherClose,
	"Topic":                             tests.TestTopic,
	"MessageCtx":                        tests.TestMessageCtx,
	"SubscribeCtx":                      tests.TestSubscribeCtx,
	"NewSubscriberReceivesOldMessages":  tests.TestNewSubscriberReceivesOldMessages,
}

const watermillPause = 500 * time.Millisecond // of a subscriber whose connection fails

// watermillConfig is how watermill-redisstream's tests make a subscriber.
func (on side) watermillConfig(group string) redisstream.SubscriberConfig {
	return redisstream.SubscriberConfig{
		Client: on.watermillClient(), Consumer: watermill.NewShortUUID(), ConsumerGroup: group,
		BlockTime: 10 * time.Millisecond, ClaimInterval: 3 * time.Second, MaxIdleTime: 5 * time.Second,
	}
}

func (on side) watermillClient() redis.UniversalClient {
	o := on.goRedis(3)
	o.ReadTimeout = -1
	return redis.NewClient(o)
}

func (on side) watermillPublisher(t *testing.T) message.Publisher {
	t.Helper()
	pub, err := redisstream.NewPublisher(redisstream.PublisherConfig{Client: on.watermillClient()}, watermill.NopLogger{})
	require.NoError(t, err)
	return pub
}

func watermillSubscriber(t *testing.T, c redisstream.SubscriberConfig) message.Subscriber {
	t.Helper()
	sub, err := redisstream.NewSubscriber(c, watermill.NopLogger{})
	require.NoError(t, err)
	return sub
}

func (on side) watermillInGroup(t *testing.T, group string) (message.Publisher, message.Subscriber) {
	t.Helper()
	return on.watermillPublisher(t), watermillSubscriber(t, on.watermillConfig(group))
}

func (on side) watermill(t *testing.T) (message.Publisher, message.Subscriber) {
	t.Helper()
	return on.watermillInGroup(t, watermill.NewShortUUID())
}

// TestWatermill runs watermill's own tests of what carries its messages.
func TestWatermill(t *testing.T) {
	defer log.SetOutput(log.Writer())
	log.SetOutput(io.Discard) // the suite tells a lot
	suite := func(t *testing.T, on side) {
		t.Run("suite", func(t *testing.T) {
			tests.TestPubSub(t, watermillFeatures(), on.watermill, on.watermillInGroup)
		})
		t.Run("NoAck", func(t *testing.T) { // which is about one subscriber, so there is an order
			f := watermillFeatures()
			f.GuaranteedOrder = true
			tests.TestNoAck(t, tests.TestContext{TestID: tests.NewTestID(), Features: f}, on.watermill)
		})
	}
	t.Run("memory", func(t *testing.T) { inMemoryBut(t, "watermill/internal/subscriber.", suite) })
	t.Run("redis", func(t *testing.T) { onRedis(t, suite) })
	for name, test := range watermillAlone {
		t.Run("bubble/"+name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, on side) {
				test(t, tests.TestContext{TestID: tests.NewTestID(), Features: watermillFeatures()}, on.watermill)
				time.Sleep(watermillPause + time.Millisecond) // a subscriber that is closed ends after it
			})
		})
	}
}

// publish sends a message for each text.
func publish(t *testing.T, pub message.Publisher, topic string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		require.NoError(t, pub.Publish(topic, message.NewMessage(watermill.NewUUID(), []byte(text))))
	}
}

// receive takes n messages and returns their texts.
func receive(t *testing.T, from <-chan *message.Message, n int) (texts []string) {
	t.Helper()
	for range n {
		select {
		case m := <-from:
			require.NotNil(t, m)
			texts = append(texts, string(m.Payload))
			require.True(t, m.Ack())
		case <-time.After(10 * time.Second):
			t.Fatalf("only %d of %d messages have come", len(texts), n)
		}
	}
	return texts
}

func numbers(from, to int) (texts []string) {
	for i := from; i < to; i++ {
		texts = append(texts, fmt.Sprint(i))
	}
	return texts
}

// TestWatermillFansOut has subscribers without a group, from the beginning and from now on.
func TestWatermillFansOut(t *testing.T) {
	both(t, func(t *testing.T, on side) {
		ctx := context.Background()
		pub := on.watermillPublisher(t)
		publish(t, pub, "topic", numbers(0, 10)...)
		var subs []message.Subscriber
		var channels []<-chan *message.Message
		for _, oldest := range []string{"0", "0", "$", "$"} {
			c := on.watermillConfig("")
			c.FanOutOldestId = oldest
			sub := watermillSubscriber(t, c)
			messages, err := sub.Subscribe(ctx, "topic")
			require.NoError(t, err)
			subs, channels = append(subs, sub), append(channels, messages)
		}
		require.Equal(t, numbers(0, 10), receive(t, channels[0], 10))
		require.Equal(t, numbers(0, 10), receive(t, channels[1], 10))
		watcher := on.watermillClient()
		eventually(t, func() bool { // those that start with what comes now wait for it
			return strings.Contains(watcher.Info(ctx, "clients").Val(), "blocked_clients:4\r")
		})
		publish(t, pub, "topic", numbers(10, 60)...)
		for _, messages := range channels {
			require.Equal(t, numbers(10, 60), receive(t, messages, 50))
		}
		for _, sub := range subs {
			require.NoError(t, sub.Close())
		}
		require.NoError(t, pub.Close())
		require.NoError(t, watcher.Close())
		watermillEnds(on)
	})
}

// watermillEnds waits until subscribers that are closed have ended, where it takes no time.
func watermillEnds(on side) {
	if on.bubble {
		time.Sleep(watermillPause + time.Millisecond)
	}
}

// TestWatermillClaims has a consumer that goes without an Ack. Another takes over what it
// had, and removes it from the group.
func TestWatermillClaims(t *testing.T) {
	both(t, func(t *testing.T, on side) {
		ctx := context.Background()
		unit := time.Second
		if !on.bubble {
			unit = 20 * time.Millisecond
		}
		c := redis.NewClient(on.goRedis(3))
		defer c.Close()
		pub := on.watermillPublisher(t)
		publish(t, pub, "topic", numbers(0, 10)...)
		goes := on.watermillConfig("group")
		goes.Consumer = "goes"
		leaves := watermillSubscriber(t, goes)
		messages, err := leaves.Subscribe(ctx, "topic")
		require.NoError(t, err)
		require.Equal(t, []string{"0"}, receive(t, messages, 1))
		require.Equal(t, "1", string((<-messages).Payload))
		require.NoError(t, leaves.Close())

		stays := on.watermillConfig("group")
		stays.Consumer = "stays"
		stays.MaxIdleTime, stays.ClaimInterval = 2*unit, unit
		stays.CheckConsumersInterval, stays.ConsumerTimeout = unit, 5*unit
		sub := watermillSubscriber(t, stays)
		messages, err = sub.Subscribe(ctx, "topic")
		require.NoError(t, err)
		require.ElementsMatch(t, numbers(1, 10), receive(t, messages, 9))
		eventually(t, func() bool {
			consumers := c.XInfoConsumers(ctx, "topic", "group").Val()
			return len(consumers) == 1 && consumers[0].Name == "stays" && consumers[0].Pending == 0
		})
		require.NoError(t, sub.Close())
		require.NoError(t, pub.Close())
		watermillEnds(on)
	})
}

// TestWatermillReconnects kills all connections while messages go to and fro: what was
// published comes, each at least once.
func TestWatermillReconnects(t *testing.T) {
	both(t, func(t *testing.T, on side) {
		ctx := context.Background()
		c := redis.NewClient(on.goRedis(3))
		defer c.Close()
		pub := on.watermillPublisher(t)
		config := on.watermillConfig("group")
		config.MaxIdleTime, config.ClaimInterval = 200*time.Millisecond, 100*time.Millisecond // for a reply that is lost
		sub := watermillSubscriber(t, config)
		messages, err := sub.Subscribe(ctx, "topic")
		require.NoError(t, err)
		publish(t, pub, "topic", "first")
		require.Equal(t, []string{"first"}, receive(t, messages, 1))

		published := make(chan error, 1)
		go func() {
			for i := 0; i < 200; {
				if err := pub.Publish("topic", message.NewMessage(fmt.Sprint(i), []byte(fmt.Sprint(i)))); err == nil {
					i++
				}
			}
			published <- nil
		}()
		seen := map[string]bool{}
		for kills := 0; len(seen) < 200; {
			for _, text := range receive(t, messages, 1) {
				seen[text] = true
			}
			if len(seen) == 50*(kills+1) && kills < 2 {
				require.Positive(t, c.ClientKillByFilter(ctx, "TYPE", "normal", "SKIPME", "yes").Val())
				kills++
			}
		}
		require.NoError(t, <-published)
		require.NoError(t, sub.Close())
		require.NoError(t, pub.Close())
		watermillEnds(on)
	})
}
