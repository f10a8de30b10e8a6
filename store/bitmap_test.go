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
		"Bitmap.Op":     sizeOf.except("what is stored overwrites any type", anyType),
	})
	methodArguments["Bitmap.SetBit"] = []any{nil, true}
	methodArguments["Bitmap.Count"] = []any{[]BitRange{}}
	methodArguments["Bitmap.Pos"] = []any{true, []BitRange{}}
	methodArguments["Bitmap.Op"] = []any{BitOr, []string{"another"}}
}
