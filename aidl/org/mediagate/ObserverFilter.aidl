package org.mediagate;

/** Which changes an observer is told of. Of what is given to and taken from the application it is told anyway. */
parcelable ObserverFilter {
    /** Of this directory and what lies below it; empty is the whole volume. */
    @utf8InCpp String directory;
    /** Of files whose names tell these kinds, as FoundFile names them; none is all, directories too. */
    @utf8InCpp String[] kinds;
}
