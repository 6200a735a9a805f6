/** Loaded with every page but the first. */
import "@/ui/mantineMore.css";
