package store

import "maps"

func init() {
	handleMakers["Bitmap"] = func(db DB, key string) any { return db.Bitmap(key) }
	noCommands["DB.Bitmap"] = "it makes a handle"
	noCommands["Bitmap.Key"] = "it reads the handle"
	maps.Copy(methodRules, map[string]rule{
		"Bitmap.SetBit": create,
		"Bitmap.GetBit": sizeOf,
		"Bitmap.Count":  sizeOf,
		"Bitmap.Pos":    lookup,
		"Bitmap.Field":  create,
		"Bitmap.FieldRO": sizeOf.except("a field of what is missing is 0",
			func(r *rule) { r.zero = false }),
		"Bitmap.Op": sizeOf.except("what is stored overwrites any type", anyType),
	})
	methodArguments["Bitmap.SetBit"] = []any{nil, true}
	methodArguments["Bitmap.Count"] = []any{[]BitRange{}}
	methodArguments["Bitmap.Pos"] = []any{true, []BitRange{}}
	methodArguments["Bitmap.Field"] = []any{[]FieldOp{Unsigned(8).At(3).IncrBy(1)}}
	methodArguments["Bitmap.FieldRO"] = []any{[]BitField{Unsigned(8).At(3)}}
	methodArguments["Bitmap.Op"] = []any{BitOr, []string{"another"}}
}
