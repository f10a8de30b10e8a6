package store

import (
	"maps"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func init() {
	handleMakers["HLL"] = func(db DB, key string) any { return db.HLL(key) }
	noCommands["DB.HLL"] = "it makes a handle"
	noCommands["HLL.Key"] = "it reads the handle"
	maps.Copy(methodRules, map[string]rule{
		"HLL.Add":   create,
		"HLL.Count": sizeOf,
		"HLL.Merge": create,
	})
	methodArguments["HLL.Count"] = []any{[]string{}} // of one, which writes
}

var (
	_ = math.MaxInt
	_ = strconv.Itoa
	_ = strings.Fields
	_ = require.True
)

func TestX(t *testing.T) {}
