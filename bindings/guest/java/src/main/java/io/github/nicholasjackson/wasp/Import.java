package io.github.nicholasjackson.wasp;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Declares functions of the host: an interface's methods. A class with the interface's name and {@code Host} behind it is generated, which
 * calls them.
 */
@Retention(RetentionPolicy.SOURCE)
@Target(ElementType.TYPE)
public @interface Import {
    /** Returns the module that the functions are imported from. */
    String value();

    /** Tells the name of a function in the host, where it isn't the method's. */
    @Retention(RetentionPolicy.SOURCE)
    @Target(ElementType.METHOD)
    @interface Name {
        /** Returns the name. */
        String value();
    }
}
