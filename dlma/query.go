package dlma

// Query selects live entries of a list, oldest first.
type Query struct {
	List    string  // uuid
	Status  *Status // nil = any
	ResDial *int    // nil = any
	Number  string  // any of the entry's numbers, exactly; "" = any
	Ukey    string  // exactly; "" = any
	After   string  // uuid of the last entry seen, "" = from the start
	Count   int     // at most so many, from 1
}
