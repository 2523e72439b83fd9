package org.mediagate;

import org.mediagate.Application;
import org.mediagate.BackingRecord;
import org.mediagate.CounterRecord;
import org.mediagate.Grant;
import org.mediagate.HandleRecord;
import org.mediagate.NodeRecord;

/** The daemon's state. A section that was not asked for is null. */
parcelable Dump {
    /** The node table. */
    @nullable NodeRecord[] nodes;
    /** What is open. */
    @nullable HandleRecord[] handles;
    /** What the kernel serves by itself. */
    @nullable BackingRecord[] backings;
    /** The registered applications. */
    @nullable Application[] applications;
    /** The grants that have not expired. */
    @nullable Grant[] grants;
    /** What was counted. */
    @nullable CounterRecord[] counters;
}
