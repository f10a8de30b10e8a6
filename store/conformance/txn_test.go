package conformance

import (
	"slices"
	"testing"

	"github.com/alcovedb/alcove/store"
)

// transactions are Update, once as it is and once with a command on the whole keyspace, and
// View.
var transactions = []transact{
	{"Update", func(program) bool { return true }, func(s *store.Store, tr *trial) error {
		return s.Update(func(tx *store.Tx) error { return tr.attempt(tx.DB(0)) })
	}},
	{"Update of a copy", func(program) bool { return true }, func(s *store.Store, tr *trial) error {
		return s.Update(func(tx *store.Tx) error {
			if _, err := tx.DBSize(); err != nil {
				return err
			}
			return tr.attempt(tx.DB(0))
		})
	}},
	{"View", program.readOnly, func(s *store.Store, tr *trial) error {
		return s.View(func(tx *store.Tx) error { return tr.attempt(tx.DB(0)) })
	}},
}

// TestUpdates checks that closures, and commands on several keys beside them, are strictly
// serializable, and that no run has seen a mixture of two states.
func TestUpdates(t *testing.T) { checkTransactions(t, slices.Concat(commands, transactions)) }
